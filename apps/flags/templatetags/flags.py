"""{% load flags %}{% flag "sales.new-screen" %} … {% else %} … {% endflag %}: a part of a page behind a flag."""

from __future__ import annotations

from django import template
from django.template.base import FilterExpression, NodeList, Parser, Token
from django.template.context import Context

from apps.flags.queries import is_on

register = template.Library()


class FlagNode(template.Node):
    """Renders `on` while the flag is on for the current tenant and actor, else `off`."""

    child_nodelists = ("on", "off")

    def __init__(self, key: FilterExpression, on: NodeList, off: NodeList) -> None:
        self.key, self.on, self.off = key, on, off

    def render(self, context: Context) -> str:
        return (self.on if is_on(self.key.resolve(context)) else self.off).render(context)


@register.tag
def flag(parser: Parser, token: Token) -> FlagNode:
    try:
        _, key = token.split_contents()
    except ValueError:
        raise template.TemplateSyntaxError('Write {% flag "key" %}.') from None
    on, off = parser.parse(("else", "endflag")), NodeList()
    if parser.next_token().contents == "else":
        off = parser.parse(("endflag",))
        parser.delete_first_token()
    return FlagNode(parser.compile_filter(key), on, off)
