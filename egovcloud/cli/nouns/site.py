"""Sites (站点): data centres."""

from egovcloud.cli.declare import Noun, columns
from egovcloud.cli.verbs import lists, shows

NOUN = Noun("site", "/sites", columns=columns("name description id"), verbs=(lists(), shows()))
