"""Words of other languages and tools, with hints that give the right words.

Each table has the words for one position in a rule. For example, `VERBS` has the words at the beginning of a rule, and
`STATES` has the words after `is`. A hint is a format string, so that it can contain the operands of the rule:
`write `{0} is known``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_DISCARD_OR_REJECT = (
    "write `discard` to remove the interface from the candidates, or `reject` to forbid deploying on it"
)
_PREFER = "write `prefer nic when …`: the candidates for which the condition is false are removed"
_NEGATIVE = "write `discard nic when …`"
_WARN = "write `warn nic when …` or `warn when …`; the severity is a separate key: `severity: info`"
_NO_BRANCHES = "a rule is one sentence, such as `match nic when nic is up`; a rule has no branches"
_NO_SUM = "the language can compare and count, but not calculate"


def _table(*rows: tuple[str, str]) -> Mapping[str, str]:
    return {word: hint for words, hint in rows for word in words.split()}


VERBS = _table(
    (
        "allow permit accept select choose include take pick use find add candidate want require get",
        "write `match nic when …`: it adds interfaces to the candidates",
    ),
    ("deny disallow", _DISCARD_OR_REJECT),
    (
        "forbid refuse block prohibit fail abort error raise stop",
        "write `reject nic when …`: it forbids deploying on the interface",
    ),
    ("drop skip exclude ignore remove filter delete omit except avoid without", _NEGATIVE),
    ("keep", _PREFER),
    ("only rank order sort favor favour", _PREFER),
    ("info log note notice report alert print message", _WARN),
    ("if elif elsif else unless then return end case switch while for foreach", _NO_BRANCHES),
    ("undecided conflict tie", "write `ambiguous when …`"),
)
SUBJECTS = _table(
    (
        "nics interface interfaces iface link links device devices candidate candidates all any every each the a an",
        "write `nic`: the rule looks at each interface",
    )
)
BEFORE_THE_CONDITION = _table(
    ("unless", "write `when not (…)`"),
    ("if where whenever whose with which that while provided iff once and", "write `when`"),
)
_COUNTED = "write `count({0})`"
_LIKE = 'write `like` with a glob: nic.name like "eth*"'
FUNCTIONS = _table(
    ("len size length num number cardinality", _COUNTED),
    ("empty is_empty isempty", "write `count({0}) = 0`"),
    ("any some exists exist", "write `some x in {0} satisfies …`"),
    ("all every each forall", "write `every x in {0} satisfies …`"),
    ("none no", "write `no x in {0} satisfies …`"),
    ("sum min max avg mean first last sort sorted head", _NO_SUM),
    (
        "lower upper lowercase uppercase tolower trim strip",
        "texts are compared exactly; MAC addresses are in lower case",
    ),
    ("match matches regex re regexp glob fnmatch startswith endswith contains search test", _LIKE),
    ("ip ip_address ipaddress inet addr", 'write `address("192.0.2.1")`'),
    ("network subnet ip_network prefix", 'write `cidr("192.0.2.0/24")`'),
    ("known defined isset exist is_known", "write `{0} is known`"),
    ("unknown is_null isnull isnone missing", "write `{0} is unknown`"),
    ("not", "write `not` without a comma: `not ({0})`"),
    ("route route_via route_for", 'write `route_to(address("192.0.2.1"))`'),
)
_ADDRESSES = "`{0}.addresses` is a list: write `some a in {0}.addresses satisfies …`"
_NAME = "write `{0}.name`"
NIC_WORDS = _table(
    ("ip ips address addr addrs ipaddr ipaddress ip_address ip_addresses inet inet6 ipv4addrs ipv6addrs", _ADDRESSES),
    ("ipv4 ipv6", "write `some a in {0}.addresses satisfies a is ipv4` (or `ipv6`)"),
    ("ifname iface interface device dev devname id label", _NAME),
    ("type link_type linktype", 'write `{0}.kind = "bond"` or `{0} is bond`'),
    ("state status operstate active running link enabled", "write `{0} is up` or `{0} is down`"),
    ("vlan vlanid vlan_tag tag vid vlans", "write `{0} is vlan`, or `{0}.vlan_id` for the number"),
    ("mode bonding bondmode bond", "write `{0} is bond`, or `{0}.bond_mode` for the mode"),
    ("hwaddr macaddr macaddress mac_address ether hardware_address", "write `{0}.mac`"),
    ("members member children interfaces", "write `{0}.slaves` of a bond, `{0}.ports` of a bridge, or `{0}.lowers`"),
    ("lower below under", "write `{0}.lowers`, or `{0}.stack` for the interface and everything below it"),
    ("parent master upper controller over", "write `{0}.uppers`"),
    ("gateway gw default_gateway", "write `{0}.gateways`, a list"),
    ("subnet cidr net netmask", "write `{0}.subnets`, a list of networks; an address has its own `.prefix`"),
    ("route", "write `{0}.routes`, a list of networks"),
    ("network logical_network", "write `{0}.networks`, a list of logical networks"),
    ("index ifindex pos order", "write `{0}.position`"),
    ("rate bandwidth", "write `{0}.speed`, in Mb/s"),
    ("prefix prefixlen length", "an address has `.prefix`: write `some a in {0}.addresses satisfies a.prefix = 24`"),
    ("primary_address", "write `{0}.primary_addresses`, a list"),
)
LIST_WORDS = _table(
    ("count length len size", _COUNTED),
    ("empty is_empty", "write `count({0}) = 0`"),
    ("contains includes has", 'write `"x" in {0}`'),
    ("first last", "a rule cannot select one element of a list: write `some x in {0} satisfies …`"),
)
_NIC = "write `nic`: nic.name"
ROOT_WORDS = _table(
    ("interface iface device dev link port self this it card candidate", _NIC),
    ("ip ips address addr addresses", "write `nic.addresses` or `host.addresses`"),
    ("null none nil undefined nothing", "a value may be unknown: write `… is unknown`"),
    ("yes on", "write `true`"),
    ("off", "write `false`"),
    ("return stop continue break exit end pass", _NO_BRANCHES),
    ("always", "write `true`"),
    ("never", "write `false`"),
)
NULLS = frozenset({"null", "none", "nil", "undefined", "None", "NULL", "Null", "Nil", "NaN"})
STATES = _table(
    ("null none nil undefined missing unset absent", "write `{0} is {2}`"),
    ("defined set present specified provided", "write `{0} is {3}`"),
    ("ethernet eth nic card wired", "write `{0} is {1}physical`"),
    ("bonded enslaved member", "write `{0} is {1}slave`"),
    ("bonding aggregate lag", "write `{0} is {1}bond`"),
    ("bridged", "write `{0} is {1}port`"),
    ("tagged", "write `{0} is {1}vlan`"),
    ("tap", "write `{0} is {1}tun`"),
    ("openvswitch", "write `{0} is {1}ovs`"),
    ("lo localhost", "write `{0} is {1}loopback`"),
    ("active running online enabled connected", "write `{0} is {1}up`"),
    ("inactive offline disabled disconnected", "write `{0} is {1}down`"),
    ("v4 ip4 inet", "write `{0} is {1}ipv4`"),
    ("v6 ip6 inet6", "write `{0} is {1}ipv6`"),
    ("linklocal", "write `{0} is {1}link_local`"),
    ("public", "write `{0} is {1}global`"),
    ("rfc1918 ula", "write `{0} is {1}private`"),
    ("virtual", "write the kinds: `{0} is bridge or {0} is vlan`, and so on"),
)
_IN = 'write `"x" in LIST`; to search for a part of a text, use a glob: nic.name like "*x*"'
BETWEEN_VALUES = _table(
    ("overlap overlapping intersects intersect shares", "write `overlaps`"),
    ("isnt isn isnot aint", "write `is not` for a state, `!=` for a value"),
    ("inside subset", "write `within`"),
    ("over atop", "write `above`"),
    ("under beneath", "write `below`"),
    ("contains contain includes include has have holds", _IN),
    ("matches match startswith starts begins endswith ends glob regex", _LIKE),
    ("equals equal eq same", "write `=`"),
    ("ne unequal differs", "write `!=`"),
    ("gt greater more bigger larger higher", "write `>`"),
    ("lt less smaller lower fewer", "write `<`"),
    ("ge gte least", "write `>=`"),
    ("le lte most", "write `<=`"),
    ("between", "compare twice: nic.mtu >= 1500 and nic.mtu <= 9000"),
    ("does doesnt dont do", "write `not` before the relation: nic.addresses not overlaps host.addresses"),
    ("are was", "write `is`"),
    ("nor", "write `and not`"),
    ("xor", "write both cases: (a and not b) or (not a and b)"),
    ("but also", "write `and`"),
    ("otherwise", "write `or`"),
    ("then else elif", _NO_BRANCHES),
    ("unless except without", "write `and not`"),
    ("where with while if when such that", "a rule has one `when`; join conditions with `and`"),
    ("mod div plus minus times", _NO_SUM),
    ("any exists exist anyone", "write `some`: some address in nic.matched satisfies …"),
    ("all each forall foreach for", "write `every`: every address in nic.matched satisfies …"),
    ("none", "write `no`: no address in nic.matched satisfies …"),
)


def hint_of(table: Mapping[str, str], word: str, *operands: str) -> str:
    """Return the hint for a word, with the operands inserted; empty if the table does not contain the word."""
    return table.get(word, table.get(word.lower(), "")).format(*operands)


def without_is(word: str, states: Iterable[str]) -> str:
    """Return the state in a word such as `is_up` or `isBridge`; empty if the word contains no state."""
    lower = word.lower()
    rest = lower.removeprefix("is").lstrip("_") if lower.startswith("is") else ""
    return rest if rest in states else ""
