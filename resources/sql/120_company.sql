-- Companies and their workflows: made, published, taken live; people; sending paused and resumed.

-- A company starts in *plan only*, with a print queue, the usual outcomes, and its maker as a member.
create function tegoed.create_company(p_code text, p_name text) returns int
language plpgsql security definer set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_id int;
begin
    perform tegoed.require_role('administrator');
    if p_code !~ '^[A-Za-z0-9_-]{1,20}$' then
        perform tegoed.fail('TG001', 'A company code is one to twenty letters, digits, - or _.', jsonb_build_object('field', 'code'));
    elsif exists (select from tegoed.company where upper(code) = upper(p_code)) then
        perform tegoed.fail('TG003', format('There is a company %s already.', p_code), jsonb_build_object('field', 'code'));
    end if;
    insert into tegoed.company (code, name, account_name) values (p_code, p_name, p_name) returning id into v_id;
    insert into tegoed.membership (user_id, company_id) values (tegoed.my_user_id(), v_id);
    insert into tegoed.print_queue (company_id, name) values (v_id, 'Letterhead');
    insert into tegoed.outcome (company_id, code, position, name_nl, name_en, attempt, right_party, finishes, hold_cause,
                                hold_days, follow_up_kind, follow_up_days)
    values
        (v_id, 'promise', 1, 'Toezegging', 'Promise to pay', true, true, true, 'promise', 2, 'call', null),
        (v_id, 'says_paid', 2, 'Zegt betaald te hebben', 'Says it is paid', true, true, true, 'promise', 2, 'task', null),
        (v_id, 'wants_plan', 3, 'Wil een regeling', 'Wants a plan', true, true, true, 'arrangement', 2, 'task', null),
        (v_id, 'disagrees', 4, 'Oneens', 'Disagrees', true, true, true, 'dispute', 2, 'task', null),
        (v_id, 'no_answer', 5, 'Geen gehoor', 'No answer', true, false, false, null, null, null, null),
        (v_id, 'call_back', 6, 'Terugbellen', 'Call back', true, false, false, null, null, null, null),
        (v_id, 'wrong_number', 7, 'Verkeerd nummer', 'Wrong number', true, false, true, null, null, 'task', 0),
        (v_id, 'done', 8, 'Gedaan', 'Done', false, false, true, null, null, null, null);
    perform tegoed.note_event(v_id, null, 'company.created');
    return v_id;
end
$$;

-- Publishes a draft: checks its ranks, materialises what follows what, retires the version before it, and
-- looks again at everything that waits.
create function tegoed.publish_workflow(p_version int) returns void
language plpgsql security definer set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_version tegoed.workflow_version;
begin
    perform tegoed.require_role('manager');
    select * into v_version from tegoed.workflow_version
    where id = p_version and company_id = any (tegoed.my_companies()) for update;
    if not found or v_version.state <> 'draft' then
        perform tegoed.fail('TG003', 'Only a draft can be published.', jsonb_build_object('code', 'workflow.state'));
    elsif exists (select from (select rank, lag(rank) over (order by position) as before from tegoed.workflow_step
                               where version_id = p_version) s where s.rank < s.before) then
        perform tegoed.fail('TG002', 'The stages of a workflow must rise from step to step.', jsonb_build_object('code', 'workflow.rank'));
    elsif not exists (select from tegoed.workflow_step where version_id = p_version) then
        perform tegoed.fail('TG002', 'A workflow needs a step.', jsonb_build_object('code', 'workflow.empty'));
    end if;
    perform tegoed.lock_company(v_version.company_id);
    update tegoed.workflow_version set state = 'retired' where workflow_id = v_version.workflow_id and state = 'published';
    update tegoed.workflow_version set state = 'published', published_at = now(), published_by = session_user where id = p_version;
    perform tegoed.refresh_next(p_version);
    perform tegoed.note_event(v_version.company_id, null, 'workflow.published', jsonb_build_object('version', p_version));
    perform tegoed.reevaluate(array_agg(distinct a.customer_id)) from tegoed.action a
    where a.company_id = v_version.company_id and a.state in ('planned', 'awaiting_approval', 'approved') and a.origin = 'workflow';
end
$$;

create function tegoed.refresh_next(p_version int) returns void
language sql set search_path = pg_catalog, tegoed, pg_temp as $$
    delete from tegoed.workflow_next where version_id = p_version;
    insert into tegoed.workflow_next (version_id, position_done, customer_kind, profile_id, company_id, position, following)
    select v.id, done.position, k.kind, p.id, v.company_id, n[1], n[2]
    from tegoed.workflow_version v
    cross join lateral (select 0::smallint as position union all
                        select s.position from tegoed.workflow_step s where s.version_id = v.id) done
    cross join (values ('consumer'), ('business'), ('government'), ('unknown')) k(kind)
    cross join lateral (select 0 as id union all
                        select pp.id from tegoed.payment_profile pp where pp.company_id = v.company_id) p
    cross join lateral (
        select array_agg(s.position order by s.position) as n from tegoed.workflow_step s
        where s.version_id = v.id and s.position > done.position
          and (s.customer_kinds is null or k.kind = any (s.customer_kinds))
          and (s.profile_ids is null or p.id = any (s.profile_ids))
    ) x
    where v.id = p_version and n is not null
$$;

create function tegoed.profile_added() returns trigger
language plpgsql security definer set search_path = pg_catalog, tegoed, pg_temp as $$
begin
    perform tegoed.refresh_next(v.id) from tegoed.workflow_version v
    where v.company_id = new.company_id and v.state = 'published';
    return null;
end
$$;
create trigger profile_added after insert on tegoed.payment_profile
    for each row execute function tegoed.profile_added();

-- After a change of group, profile, workflow or kind: a waiting action stays only if the highest step that
-- its items have today, under the workflow they have now, has the same stage, channel and approval; else it
-- is cancelled and its customer planned again. One pass a company, whatever the number of customers.
create function tegoed.reevaluate(p_customers bigint[]) returns void
language plpgsql set search_path = pg_catalog, tegoed, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
    v_company record;
    v_row record;
    v_cancelled bigint[];
begin
    for v_company in
        select c.id, c.state, c.planned_for, array_agg(cu.id) as customers,
               greatest(tegoed.today_of(c.id), c.planned_for) as today
        from tegoed.customer cu join tegoed.company c on c.id = cu.company_id
        where cu.id = any (p_customers) group by c.id
    loop
        v_cancelled := '{}';
        for v_row in
            select a.id, a.customer_id, top.version_id, coalesce(top.same, false) as stays
            from tegoed.action a
            left join (
                select distinct on (w.id) w.id, s.version_id,
                       s.kind is not null and st.stage is not distinct from w.stage and st.approval <= w.approval_required
                           and (s.kind = w.kind or tegoed.reachable_kind(cu, s.kind, st.if_unreachable) = w.kind) as same
                from tegoed.action w
                join tegoed.action_item ai on ai.action_id = w.id and ai.role in ('demand', 'also_due')
                join tegoed.item_step(array[v_company.id], v_company.today, v_company.customers) s
                    on s.open_item_id = ai.open_item_id
                join tegoed.customer cu on cu.id = w.customer_id
                left join tegoed.workflow_step st on st.version_id = s.version_id and st.position = s.position
                where w.customer_id = any (v_company.customers) and w.origin = 'workflow'
                  and w.state in ('planned', 'awaiting_approval', 'approved')
                  and s.own_on <= v_company.today and s.wait is null and s.fail is null
                order by w.id, s.position desc nulls last
            ) top on top.id = a.id
            where a.customer_id = any (v_company.customers) and a.origin = 'workflow'
              and a.state in ('planned', 'awaiting_approval', 'approved')
              and not exists (select from tegoed.delivery d
                              where d.action_id = a.id and d.state not in ('waiting', 'claimed', 'withdrawn'))
            order by a.id for update of a
        loop
            if v_row.stays then
                perform tegoed.move_to_version(v_row.id, v_row.version_id);
            else
                perform tegoed.cancel_action(v_row.id, 'workflow_changed');
                v_cancelled := v_cancelled || v_row.customer_id;
            end if;
        end loop;
        if v_cancelled <> '{}' and v_company.state <> 'off' and v_company.planned_for is not null then
            perform tegoed.plan_customers(v_company.id, v_company.today, v_cancelled);
        end if;
    end loop;
end
$$;

-- An action that stays under a new version takes the positions of the same steps there.
create function tegoed.move_to_version(p_action bigint, p_version int) returns void
language plpgsql set search_path = pg_catalog, tegoed, pg_temp as $$
begin
    if exists (select from tegoed.action a where a.id = p_action and a.version_id is distinct from p_version) then
        update tegoed.action_item ai set version_id = p_version, position = coalesce(
            (select min(w.position) from tegoed.workflow_step w join tegoed.action a on a.id = p_action
             where w.version_id = p_version and w.stage is not distinct from ai.stage and (ai.stage is not null or w.kind = a.kind)),
            (select max(w.position) from tegoed.workflow_step w where w.version_id = p_version and w.rank <= ai.rank))
        where ai.action_id = p_action and ai.role in ('demand', 'also_due');
        update tegoed.action a set version_id = p_version, position = coalesce(
            (select max(ai.position) from tegoed.action_item ai
             where ai.action_id = p_action and ai.stage is not distinct from a.stage and ai.role = 'demand'), a.position)
        where a.id = p_action;
        perform tegoed.render_again(p_action, 'workflow_changed');
    end if;
end
$$;

create function tegoed.customers_changed() returns trigger
language plpgsql security definer set search_path = pg_catalog, tegoed, pg_temp as $$
begin
    perform tegoed.reevaluate(x.ids) from (
        select array_agg(n.id) as ids from new_row n join old_row o on o.id = n.id
        where (n.group_id, n.profile_id, n.workflow_id, n.kind) is distinct from (o.group_id, o.profile_id, o.workflow_id, o.kind)
          and exists (select from tegoed.action a where a.customer_id = n.id and a.state in ('planned', 'awaiting_approval', 'approved'))
    ) x where x.ids is not null;
    return null;
end
$$;
create trigger customers_changed after update on tegoed.customer
    referencing old table as old_row new table as new_row
    for each statement execute function tegoed.customers_changed();

-- Another workflow for a group, a profile, both together or the whole company is the same change for each
-- customer that gets its workflow there.
create function tegoed.workflow_choice_changed() returns trigger
language plpgsql security definer set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_company int := case when tg_table_name = 'company' then (to_jsonb(new) ->> 'id')::int
                          else (to_jsonb(case when tg_op = 'DELETE' then old else new end) ->> 'company_id')::int end;
begin
    perform tegoed.reevaluate(x.ids) from (
        select array_agg(distinct a.customer_id) as ids
        from tegoed.action a
        join tegoed.customer_workflow(array[v_company], null) cw on cw.customer_id = a.customer_id
        where a.company_id = v_company and a.state in ('planned', 'awaiting_approval', 'approved')
          and a.origin = 'workflow' and cw.version_id is distinct from a.version_id
    ) x where x.ids is not null;
    return null;
end
$$;
create trigger workflow_choice_changed after update on tegoed.customer_group
    for each row when (old.workflow_id is distinct from new.workflow_id) execute function tegoed.workflow_choice_changed();
create trigger workflow_choice_changed after update on tegoed.payment_profile
    for each row when (old.workflow_id is distinct from new.workflow_id) execute function tegoed.workflow_choice_changed();
create trigger workflow_choice_changed after insert or update or delete on tegoed.group_profile_workflow
    for each row execute function tegoed.workflow_choice_changed();
create trigger workflow_choice_changed after update on tegoed.company
    for each row when (old.default_workflow_id is distinct from new.default_workflow_id and old.default_workflow_id is not null)
    execute function tegoed.workflow_choice_changed();

create function tegoed.ageing_bucket(p_due date, p_on date) returns text
language sql immutable parallel safe as $$
    select case when p_on <= p_due then 'not_due' when p_on - p_due <= 30 then 'd1_30' when p_on - p_due <= 60 then 'd31_60'
        when p_on - p_due <= 90 then 'd61_90' else 'd90_plus' end
$$;

-- From *plan only* to *live*. p_start gives the first stage to be taken per ageing bucket; stages before it
-- count as imported. What was planned is cancelled, planned anew, and the first run waits for approval.
create function tegoed.go_live(p_company int, p_start jsonb default '{}', p_on date default null) returns jsonb
language plpgsql security definer set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_on date := coalesce(p_on, tegoed.today_of(p_company));
    v_items bigint[];
    v_counts jsonb;
begin
    perform tegoed.require_role('manager');
    perform tegoed.require_company(p_company);
    perform tegoed.lock_company(p_company);
    if not exists (select from tegoed.company where id = p_company and state = 'plan_only') then
        perform tegoed.fail('TG003', 'Only a company in plan only can go live.', jsonb_build_object('code', 'company.state'));
    elsif exists (select from jsonb_each_text(p_start) s where tegoed.stage_rank(s.value) is null
                  or s.key not in ('not_due', 'd1_30', 'd31_60', 'd61_90', 'd90_plus')) then
        perform tegoed.fail('TG001', 'A starting stage is BUCKET=STAGE.', jsonb_build_object('field', 'start', 'remedy',
            'Buckets: not_due, d1_30, d31_60, d61_90, d90_plus; stages: reminder, demand, notice14, final_demand, default_notice, hand_over.'));
    elsif exists (select from tegoed.company c where c.id = p_company
                  and (c.iban = '' or c.street = '' or c.city = '' or c.email = '' or c.default_workflow_id is null)) then
        perform tegoed.fail('TG002', 'The sender is not complete: street, city, email, IBAN and a default workflow are needed.',
            jsonb_build_object('code', 'company.incomplete', 'remedy', 'Use: tegoed company set.'));
    end if;
    perform tegoed.cancel_action(a.id, 'going_live') from tegoed.action a
    where a.company_id = p_company and a.state in ('planned', 'awaiting_approval', 'approved') and a.origin = 'workflow';
    with moved as (
        insert into tegoed.step_done (company_id, open_item_id, version_id, position, stage, rank, at, on_date, written, skipped, reason)
        select oi.company_id, oi.id, cw.version_id, w.position, w.stage, w.rank, now(), v_on - 1, false, true, 'imported'
        from tegoed.open_item oi
        join tegoed.customer_workflow(array[p_company], null) cw on cw.customer_id = oi.customer_id
        join tegoed.workflow_step w on w.version_id = cw.version_id
            and (w.customer_kinds is null or cw.kind = any (w.customer_kinds))
        cross join lateral (
            -- the stage itself, or what follows where this workflow has no such stage
            select min(f.position) as position from tegoed.workflow_step f
            where f.version_id = cw.version_id and f.stage is not null
              and f.rank >= tegoed.stage_rank(p_start ->> tegoed.ageing_bucket(oi.due_date, v_on))
              and (f.customer_kinds is null or cw.kind = any (f.customer_kinds))
        ) start
        cross join lateral (
            select coalesce(max(e.position), 0) as position from tegoed.workflow_step e
            where oi.rank_done > 0 and e.version_id = cw.version_id and e.rank <= oi.rank_done
        ) done
        where oi.company_id = p_company and oi.outstanding > 0 and oi.kind = 'invoice'
          and w.position > done.position and w.position < start.position
        returning open_item_id
    )
    select array_agg(distinct open_item_id) into v_items from moved;
    perform tegoed.keep_progress(v_items);
    update tegoed.open_item set planning_from = v_on where company_id = p_company and outstanding <> 0 and planning_from < v_on;
    update tegoed.company set state = 'live', live_since = v_on, first_run_to_approval = true where id = p_company;
    v_counts := tegoed.plan_customers(p_company, v_on, null);
    -- the first run is the first that plans something, today or on a later day
    update tegoed.company set first_run_to_approval = (v_counts ->> 'actions')::int = 0, planned_for = v_on where id = p_company;
    perform tegoed.note_event(p_company, null, 'company.live', v_counts || jsonb_build_object('start', p_start));
    return v_counts;
end
$$;

-- This database is a copy, or looks at an older past than a station remembers: nothing may leave.
create function tegoed.pause_sending(p_reason text) returns void
language plpgsql security definer set search_path = pg_catalog, tegoed, pg_temp as $$
begin
    perform tegoed.require_role('worker', 'administrator');
    update tegoed.database_state set paused_at = now(), paused_reason = p_reason where paused_at is null;
end
$$;

-- Each worker says who it is before it sends. Pauses when the server or database is another one than
-- recorded, or when this station remembers more outcomes than the database does.
create function tegoed.register_station(p_station uuid, p_name text, p_outcome_no bigint) returns jsonb
language plpgsql security definer set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_state tegoed.database_state;
    v_system bigint := (select system_identifier from pg_catalog.pg_control_system());
    v_oid bigint := (select oid::bigint from pg_catalog.pg_database where datname = current_database());
    v_known bigint;
begin
    perform tegoed.require_role('worker');
    insert into tegoed.station (id, name) values (p_station, p_name)
    on conflict (id) do update set seen_at = now() returning outcome_no into v_known;
    select * into v_state from tegoed.database_state;
    if not found then
        insert into tegoed.database_state (system_identifier, database_oid) values (v_system, v_oid);
    elsif v_state.paused_at is null and v_state.system_identifier is null then
        update tegoed.database_state set system_identifier = v_system, database_oid = v_oid;
    elsif v_state.paused_at is null and (v_state.system_identifier, v_state.database_oid) is distinct from (v_system, v_oid) then
        update tegoed.database_state set paused_at = now(), paused_reason = 'this is a copy of the database that sent before';
    elsif v_state.paused_at is null and p_outcome_no > v_known then
        update tegoed.database_state set paused_at = now(), paused_reason = 'the database is older than what this station sent';
    end if;
    select * into v_state from tegoed.database_state;
    return jsonb_build_object('paused', v_state.paused_at, 'reason', v_state.paused_reason, 'outcome_no', v_known);
end
$$;

create function tegoed.resume_sending() returns jsonb
language plpgsql security definer set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_was tegoed.database_state;
begin
    perform tegoed.require_role('administrator');
    select * into v_was from tegoed.database_state for update;
    update tegoed.database_state set paused_at = null, paused_reason = null,
        system_identifier = (select system_identifier from pg_catalog.pg_control_system()),
        database_oid = (select oid::bigint from pg_catalog.pg_database where datname = current_database());
    return jsonb_build_object('was_paused', v_was.paused_at, 'reason', v_was.paused_reason);
end
$$;

-- A row for the state of this database, from the first installation on.
insert into tegoed.database_state (one) values (true) on conflict do nothing;
