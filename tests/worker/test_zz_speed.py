import time, datetime as dt
from dataclasses import replace
def test_speed(make_house):
    import gc
    N=150
    house = make_house(N, "letter")
    from tests.worker.child import desk_of
    from app.worker import rendering
    from app.services.correspondence import commands
    from app.services.correspondence.compose import compose
    from app.adapters.pdf.letter import render_letter
    house.work(); 
    house2=house
    import app.worker.rendering as r
    jobs=[]
    with house.scene() as s:
        # facts kept: compose again from stored
        rows=s.rows("select facts from tegoed.action where facts is not null")
    made=[compose(x.facts) for x in rows]
    render_letter(replace(made[0],channel="letter"))
    def bare():
        a,c=time.perf_counter(),time.process_time()
        for x in rows: render_letter(replace(compose(x.facts),channel="letter"))
        return time.perf_counter()-a, time.process_time()-c
    print("bare", *[f"{N/v:.0f}/s" for v in bare()])
    with house.scene() as s:
        s.days
        src=s.one("select min(id) from tegoed.source_connection")
        from tests.db.kit import Scene
        from itertools import count
        t=Scene(s.session, s.company, src, s.today, count(5000))
        for _ in range(N): t.invoice(t.customer(),100,late=5)
        t.plan()
    from tests.worker.child import Here
    from app.services.access.queries import companies
    from app.adapters.database.engine import session_scope
    desk=desk_of(house.job())
    with session_scope(desk.sessions) as session: mine=companies(session)
    w=Here(desk)
    import cProfile,pstats,os
    def server():
        import glob
        total=0
        for f in glob.glob('/proc/[0-9]*/stat'):
            try: t=__import__('pathlib').Path(f).read_text()
            except OSError: continue
            if '(postgres' in t:
                v=t.rsplit(')',1)[1].split()
                cmd=__import__('pathlib').Path(f.replace('stat','cmdline')).read_text()
                if 'tegoed_main_login' in cmd: total+=int(v[11])+int(v[12])
        return total/100
    z=server()
    a,c=time.perf_counter(),time.process_time()
    pr=cProfile.Profile() if os.environ.get("PROF") else None
    if pr: pr.enable()
    from app.worker.rendering import render_waiting
    from app.worker.sending import send_waiting
    ids=[m.id for m in mine]
    x=render_waiting(desk, ids, house.now)
    b=time.perf_counter(); cb=time.process_time()
    y=send_waiting(desk, w._station, ids, now=house.now)
    if pr: pr.disable(); pstats.Stats(pr).sort_stats("tottime").print_stats(18)
    e,ce=time.perf_counter(),time.process_time()
    print('server cpu', server()-z, 'client cpu', ce-c, 'per letter ms', (server()-z+ce-c)/N*1000)
    print("render+store", f"{N/(b-a):.0f}/s wall {N/(cb-c):.0f}/cpu-s", "send", f"{N/(e-b):.0f}/s wall {N/(ce-cb):.0f}/cpu-s", "whole", f"{N/(e-a):.0f}/s wall {N/(ce-c):.0f}/s client cpu", x, y)
    print("bare", *[f"{N/v:.0f}/s" for v in bare()])
    desk.close()
