-- Who is asking, what they may see, and how a rule says no.
--
-- `session_user` is the login itself: inside a definer function `current_user` is the owner. Every
-- definer function filters by my_companies() and checks a role; none reads a temporary object.

create function tegoed.fail(p_state text, p_sentence text, p_detail jsonb default '{}')
returns void language plpgsql set search_path = pg_catalog, tegoed, pg_temp as $$
begin
    raise exception using errcode = p_state, message = p_sentence, detail = p_detail::text;
end
$$;

create function tegoed.my_companies() returns int[]
language sql stable security definer parallel safe set search_path = pg_catalog, tegoed, pg_temp as $$
    select coalesce(array_agg(m.company_id), '{}')
    from tegoed.membership m join tegoed.app_user u on u.id = m.user_id
    where u.login = session_user
$$;

create function tegoed.has_role(variadic p_roles text[]) returns boolean
language sql stable parallel safe set search_path = pg_catalog, tegoed, pg_temp as $$
    select coalesce(bool_or(pg_catalog.pg_has_role(session_user, ('{{prefix}}' || r)::name, 'MEMBER')), false)
    from unnest(p_roles) r
$$;

-- A salesperson who is nothing else sees only the customers that are theirs.
create function tegoed.sees_all() returns boolean
language sql stable parallel safe set search_path = pg_catalog, tegoed, pg_temp as $$
    select tegoed.has_role('collector', 'administrator', 'auditor', 'worker')
$$;

create function tegoed.my_user_id() returns int
language sql stable security definer parallel safe set search_path = pg_catalog, tegoed, pg_temp as $$
    select u.id from tegoed.app_user u where u.login = session_user
$$;

create function tegoed.require_role(variadic p_roles text[]) returns void
language plpgsql stable set search_path = pg_catalog, tegoed, pg_temp as $$
begin
    if not tegoed.has_role(variadic p_roles) then
        perform tegoed.fail('TG004', format('This needs the role %s.', array_to_string(p_roles, ' or ')),
            jsonb_build_object('code', 'role.missing', 'remedy', 'Ask an administrator for it.',
                               'values', jsonb_build_object('roles', p_roles)));
    end if;
end
$$;

create function tegoed.require_company(p_company int) returns void
language plpgsql stable set search_path = pg_catalog, tegoed, pg_temp as $$
begin
    if p_company is null or p_company <> all (tegoed.my_companies()) then
        perform tegoed.fail('TG005', 'There is no such company, or you may not see it.',
            jsonb_build_object('code', 'company.unknown'));
    end if;
end
$$;

-- Not a definer function: called by a login it knows only the companies of that login.
create function tegoed.today_of(p_company int, p_now timestamptz default now()) returns date
language sql stable set search_path = pg_catalog, tegoed, pg_temp as $$
    select (p_now at time zone c.timezone)::date from tegoed.company c where c.id = p_company
$$;

-- Notices wake workers and windows; the payload is a hint of at most 50 ids, readers re-read.
create function tegoed.announce(p_company int, p_topic text, p_ids bigint[] default '{}') returns void
language sql set search_path = pg_catalog, tegoed, pg_temp as $$
    select pg_catalog.pg_notify('tegoed', json_build_object(
        'company', p_company, 'topic', p_topic,
        'ids', case when cardinality(p_ids) <= 50 then to_json(p_ids) else '"all"'::json end)::text)
$$;
