"""Why a decision is as it is, for every interface and rule, and which changes would lead to another one."""
