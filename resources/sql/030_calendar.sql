-- The days of a company. Holidays and days off come from the caller, who knows the country's calendar.

create function tegoed.set_calendar(p_company int, p_holidays date[], p_from date, p_until date) returns void
language plpgsql security definer set search_path = pg_catalog, tegoed, pg_temp as $$
begin
    perform tegoed.require_role('manager', 'administrator', 'worker');
    perform tegoed.require_company(p_company);
    if p_until < p_from or p_until - p_from > 36600 then
        perform tegoed.fail('TG001', 'A calendar needs a first day before its last.');
    end if;
    delete from tegoed.company_calendar where company_id = p_company;
    insert into tegoed.company_calendar (company_id, day, working, working_no,
                                         next_working, previous_working, following_working)
    select p_company, day, working, working_no,
           coalesce(min(day) filter (where working) over (order by day desc), day),
           coalesce(max(day) filter (where working) over (order by day), day),
           coalesce(min(day) filter (where working) over (order by day desc rows between unbounded preceding and 1 preceding), day + 1)
    from (
        select day, working, (count(*) filter (where working) over (order by day))::int as working_no
        from (
            select g::date as day,
                   extract(isodow from g) < 6
                       and g::date <> all (p_holidays)
                       and g::date <> all (c.days_off) as working
            from tegoed.company c, generate_series(p_from, p_until, interval '1 day') g
            where c.id = p_company
        ) days
    ) counted;
end
$$;

-- A date plus days of one kind. For single rows; planning joins the calendar instead.
create function tegoed.add_days(p_company int, p_base date, p_days int, p_day_kind text) returns date
language sql stable set search_path = pg_catalog, tegoed, pg_temp as $$
    select case when p_day_kind = 'calendar' then p_base + p_days
    else (select t.day from tegoed.company_calendar b join tegoed.company_calendar t
          on t.company_id = p_company and t.working and t.working_no = b.working_no + p_days
          where b.company_id = p_company and b.day = p_base) end
$$;

create function tegoed.next_working(p_company int, p_day date) returns date
language sql stable set search_path = pg_catalog, tegoed, pg_temp as $$
    select coalesce((select c.next_working from tegoed.company_calendar c
                     where c.company_id = p_company and c.day = p_day), p_day)
$$;

create function tegoed.following_working(p_company int, p_day date) returns date
language sql stable set search_path = pg_catalog, tegoed, pg_temp as $$
    select coalesce((select c.following_working from tegoed.company_calendar c
                     where c.company_id = p_company and c.day = p_day), p_day + 1)
$$;

-- The first moment at or after p_at when a debtor may be contacted: 07:00-20:00, never on a Sunday or
-- a holiday (conduct rules for collection). Saturdays are not working days of ours.
create function tegoed.contact_moment(p_company int, p_at timestamptz) returns timestamptz
language sql stable security definer set search_path = pg_catalog, tegoed, pg_temp as $$
    select case
        when l.day_ok and l.local::time >= time '07:00' and l.local::time < time '20:00' then p_at
        when l.day_ok and l.local::time < time '07:00' then (l.local::date + time '07:00') at time zone l.timezone
        else (tegoed.following_working(p_company, l.local::date) + time '07:00') at time zone l.timezone end
    from (
        select p_at at time zone c.timezone as local, c.timezone,
               tegoed.next_working(p_company, (p_at at time zone c.timezone)::date)
                   = (p_at at time zone c.timezone)::date as day_ok
        from tegoed.company c where c.id = p_company
    ) l
$$;
