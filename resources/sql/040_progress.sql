-- What an item has been through, and what it still owes. Only these functions write either.

create function tegoed.settle_items() returns trigger
language plpgsql security definer set search_path = pg_catalog, tegoed, pg_temp as $$
begin
    -- an import settles its items itself, in the one write it makes of each
    update tegoed.open_item oi set settled_amount = oi.settled_amount + m.amount
    from (select open_item_id, sum(amount) as amount from new_movement where import_run_id is null group by 1) m
    where oi.id = m.open_item_id;
    return null;
end
$$;
create trigger settle_items after insert on tegoed.movement
    referencing new table as new_movement for each statement execute function tegoed.settle_items();

-- The progress columns of items, made again from step_done.
create function tegoed.keep_progress(p_items bigint[]) returns void
language sql set search_path = pg_catalog, tegoed, pg_temp as $$
    update tegoed.open_item oi
    set progress_version_id = p.version_id, position_done = coalesce(p.position, 0), rank_done = coalesce(p.rank, 0),
        last_step_on = p.last_on, last_step_at = p.last_at, reminded_on = p.reminded_on,
        notice_skipped = coalesce(p.notice_skipped, false)
    from unnest(p_items) wanted(id)
    left join lateral (
        select (array_agg(s.version_id order by s.id desc))[1] as version_id,
               (max(s.position) filter (where s.version_id is not distinct from l.version_id))::smallint as position,
               max(s.rank) as rank, max(s.on_date) as last_on, max(s.at) as last_at,
               max(s.on_date) filter (where s.written and not s.skipped) as reminded_on,
               bool_or(s.skipped and s.stage = 'notice14' and s.reason <> 'imported')
                   and not coalesce(bool_or(not s.skipped and s.stage = 'notice14'), false) as notice_skipped
        from tegoed.step_done s
        left join lateral (
            select s2.version_id from tegoed.step_done s2
            where s2.open_item_id = wanted.id and s2.undone_at is null order by s2.id desc limit 1
        ) l on true
        where s.open_item_id = wanted.id and s.undone_at is null
    ) p on true
    where oi.id = wanted.id
$$;

-- The items of an action take the steps that action_item holds for them, on p_on.
create function tegoed.take_steps(p_action bigint, p_on date, p_at timestamptz) returns void
language plpgsql set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_items bigint[];
begin
    with taken as (
        insert into tegoed.step_done (company_id, open_item_id, version_id, position, stage, rank, action_id,
                                      at, on_date, written)
        select ai.company_id, ai.open_item_id, ai.version_id, coalesce(ai.position, 0), ai.stage, ai.rank, a.id,
               p_at, p_on, a.kind in ('email', 'letter')
        from tegoed.action a join tegoed.action_item ai on ai.action_id = a.id
        where a.id = p_action and a.counts_as_step and ai.role in ('demand', 'also_due')
        returning open_item_id
    )
    select array_agg(open_item_id) into v_items from taken;
    update tegoed.action_item set live_step = false where action_id = p_action and live_step;
    perform tegoed.keep_progress(v_items);
end
$$;

-- The items of an action step back: what it did did not happen.
create function tegoed.undo_steps(p_action bigint) returns void
language plpgsql set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_items bigint[];
begin
    with undone as (
        update tegoed.step_done set undone_at = now(), undone_by = session_user
        where action_id = p_action and undone_at is null returning open_item_id
    )
    select array_agg(open_item_id) into v_items from undone;
    perform tegoed.keep_progress(v_items);
end
$$;

create function tegoed.note_event(
    p_company int, p_customer bigint, p_kind text, p_facts jsonb default null, p_action bigint default null,
    p_delivery bigint default null, p_item bigint default null
) returns void
language sql set search_path = pg_catalog, tegoed, pg_temp as $$
    insert into tegoed.event (company_id, customer_id, action_id, delivery_id, open_item_id, kind, station_id, facts)
    values (p_company, p_customer, p_action, p_delivery, p_item, p_kind,
            nullif(current_setting('tegoed.station', true), '')::uuid, p_facts)
$$;
