"""Why does my net not learn?"""
