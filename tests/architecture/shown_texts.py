"""Where a literal in Python is a text that a person reads: names, arguments and files; and what is a code instead."""

from __future__ import annotations

import re

SKIPPED_FOLDERS = {"migrations", "management", "api"}
"""Django does not translate management commands, and OpenAPI is English."""
SKIPPED_FILES = {
    "apps/flags/rollouts/guards.py": "the reason of a stop is stored in the history of the rollout",
    "apps/inventory/commands.py": "the unit of a new item is data",
    "apps/kernel/actors.py": "names of actors are stored and compared",
    "apps/ledger/journal_template.py": "the texts of an example are data",
    "apps/modules/registry.py": "for developers: the process does not start",
    "apps/notices/transports/chat.py": "a message that is not sent",
    "apps/sales/invoice_pdf.py": "an invoice has one language, and its bytes never change",
}
"""File → the reason why its texts are not translated."""
SHOWN_NAMES = {
    *("caption", "consequences", "description", "detail", "empty", "empty_message", "empty_value_display"),
    *("group", "headers", "help_text", "index_title", "initial_text", "label", "note", "search_help_text"),
    *("short_description", "site_header", "site_title", "subject", "text", "title", "unit", "verbose_name"),
    *("verbose_name_plural", "why"),
}
"""Names of keyword arguments, and of attributes of classes."""
HIDDEN_NAMES = {"reason", "errors"}
"""Names of arguments in pages: the reason of a dry run, the error handling of a codec."""
SHOWN_ARGUMENTS = {
    "Link": (0,),
    "Reading": (0, 1),
    "SearchHit": (0, 1),
    "Series": (0,),
    "ValidationError": (0,),
    "declare_kind": (1,),
}
"""Function → its positional arguments that are shown."""
FLASHES = {"error", "info", "success", "warning"}
"""Functions of django.contrib.messages, whose second argument is shown."""
SHOWN_RESULTS = {"__str__", "described_changes", "facts", "preview", "sentence", "site_subheader"}
"""Functions that return what a page displays, besides columns of lists and those that parts of the dashboard name."""
SHOWN_BY_NAME = {"note", "value"}
"""Keyword arguments that name a function with a shown result."""
PAGES = re.compile(
    r"/(?:admin|journal_file|[a-z_]*pages?|admin/\w+|console/(?:sites|context|menu|dashboard|palette|empty_lists|widgets))\.py\Z"
)
"""Files of pages: a literal that begins with a capital letter or has several words is shown, anywhere in them."""
PAGE_KEYS = SHOWN_NAMES | {"lead"}
"""Keys of the context of a page."""
TRANSLATING = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}
HIDDEN_CALLS = TRANSLATING | {
    *("extend_schema", "OpenApiParameter", "OpenApiResponse", "OpenApiExample", "PolymorphicProxySerializer"),
    *("Lock", "TableLock", "Counter", "Gauge", "Histogram", "getLogger", "System", "Steward"),
    *(
        "get",
        "create",
        "get_or_create",
        "update_or_create",
        "filter",
        "exclude",
        "order_by",
        "values",
        "only",
    ),
    *("values_list", "annotate", "aggregate", "select_related", "prefetch_related", "getattr", "has_perm"),
    *("publish", "Delivery", "format_field", "strftime", "startswith", "join", "reverse", "redirect"),
    *("render_to_string", "TemplateResponse", "TypeError", "TypeVar"),
}
"""Functions whose arguments are codes, or marked."""
WORD = re.compile(r"[A-Za-z]{2,}")
SENTENCE = re.compile(r"\A\W*[A-Z][a-z]|[A-Za-z]{2,},? [A-Za-z]{2,}")
CODE = re.compile(
    r"\A(?:SELECT .*|attachment.*|\S*=\S*|INV-\S*|--[\w-]+|[a-z0-9]+(?:[_.:/-][a-z0-9_%{}<>]+)+"
    r"|[\w./:%-]+\.(?:html|py|csv|json))\Z",
    re.S,
)
HTML = re.compile(r"<[^>]*>|&\w+;")
BRANDS = {"Bursar", "URL", "UTC", "CSV", "API", "PDF", "JSON", "HTTP", "ID"}


def is_text(text: str) -> bool:
    """Words of a language, not a code, a brand or HTML alone."""
    plain = HTML.sub(" ", text.replace("{}", " "))
    return any(word not in BRANDS for word in WORD.findall(plain)) and not CODE.match(HTML.sub("", text))


def is_sentence(text: str) -> bool:
    """A heading or a sentence, rather than a single word in lower case."""
    return is_text(text) and bool(SENTENCE.search(HTML.sub("", text)))
