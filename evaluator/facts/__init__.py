"""The facts of one host, as immutable values. This package depends on no policy and on no report format."""
