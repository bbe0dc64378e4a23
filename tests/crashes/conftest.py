from tests.ledger.conftest import chart

__all__ = ["chart"]
