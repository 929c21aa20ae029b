"""What a person would write without tfmlp: short programs, run as whole commands by
`benchmarks.commands`.
"""
