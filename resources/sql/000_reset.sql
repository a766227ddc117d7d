-- Everything below is made anew by the files that follow, in the same transaction, so that what the
-- database has is exactly what the files say. Tables and their rows are the migrations' and stay.
do $$
declare
    line text;
begin
    for line in
        select format('drop policy %I on tegoed.%I', policyname, tablename)
        from pg_catalog.pg_policies where schemaname = 'tegoed'
        union all
        select format('drop trigger %I on tegoed.%I', t.tgname, c.relname)
        from pg_catalog.pg_trigger t join pg_catalog.pg_class c on c.oid = t.tgrelid
        where c.relnamespace = 'tegoed'::regnamespace and not t.tgisinternal
    loop
        execute line;
    end loop;
    for line in
        select format('drop view tegoed.%I cascade', viewname) from pg_catalog.pg_views where schemaname = 'tegoed'
    loop
        execute line;
    end loop;
    for line in
        select format('drop %s %s cascade',
                      case p.prokind when 'p' then 'procedure' else 'function' end, p.oid::regprocedure)
        from pg_catalog.pg_proc p where p.pronamespace = 'tegoed'::regnamespace
    loop
        execute line;
    end loop;
end
$$;
