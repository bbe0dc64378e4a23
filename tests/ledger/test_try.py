import time, cProfile, pstats, datetime as dt
from decimal import Decimal
from apps.bus import dispatch
from django.db import connection
from django.test.utils import CaptureQueriesContext
from apps.ledger.commands import *
def test_rate(at_acme, controller, accountant):
    for c,t in (("1000","asset"),("4000","income")):
        dispatch(OpenAccount(code=c,name=c,type=t),actor=controller)
    def post():
        dispatch(PostEntry(posted_on=dt.date(2026,1,9),memo="x",lines=(Line("1000","USD",Decimal("1.25")),Line("4000","USD",Decimal("-1.25")))),actor=accountant)
    post()
    with CaptureQueriesContext(connection) as q: post()
    for each in q.captured_queries: print(each["time"], each["sql"][:150])
    print(len(q))
    for _ in range(2):
        t=time.time(); 
        for _ in range(300): post()
        print("rate", 300/(time.time()-t))
    pr=cProfile.Profile(); pr.enable()
    for _ in range(200): post()
    pr.disable(); pstats.Stats(pr).sort_stats("cumtime").print_stats(45)
