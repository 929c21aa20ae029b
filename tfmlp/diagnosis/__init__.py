"""Why does my net not learn?"""

from tfmlp.quiet import import_tensorflow

import_tensorflow()
