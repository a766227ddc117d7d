-- Holds: placed, released, and what they do to actions that wait.

-- Whatever waits for this customer is looked at again after a change of its facts.
create function tegoed.review_waiting(p_company int, p_customer bigint, p_reason text) returns void
language plpgsql set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_row record;
    v_on date := tegoed.own_today(p_company);
    v_left text;
begin
    for v_row in
        select a.id, a.kind, a.facts_digest, a.state from tegoed.action a
        where a.customer_id = p_customer and a.origin <> 'follow_up'
          and a.state in ('planned', 'awaiting_approval', 'approved')
          and not exists (select from tegoed.delivery d where d.action_id = a.id and d.state in ('sending', 'done', 'failed', 'uncertain'))
        order by a.id for update
    loop
        v_left := tegoed.refresh_action(v_row.id, v_on);
        if v_left is not null then
            perform tegoed.cancel_action(v_row.id, v_left);
        elsif v_row.kind in ('email', 'letter') and v_row.facts_digest is not null
              and tegoed.digest(tegoed.communication_facts(v_row.id, v_on)) <> v_row.facts_digest then
            perform tegoed.render_again(v_row.id, p_reason);
        end if;
    end loop;
end
$$;

create function tegoed.locked_customer(p_customer bigint, variadic p_roles text[]) returns tegoed.customer
language plpgsql set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_customer tegoed.customer;
begin
    perform tegoed.require_role(variadic p_roles);
    select * into v_customer from tegoed.customer
    where id = p_customer and company_id = any (tegoed.my_companies()) for update;
    if not found then
        perform tegoed.fail('TG005', 'There is no such customer, or you may not see it.',
            jsonb_build_object('code', 'customer.unknown'));
    end if;
    return v_customer;
end
$$;

create function tegoed.place_hold(p_customer bigint, p_items bigint[] default null, p_amount numeric default null,
    p_stops text[] default '{all}', p_cause text default 'manual', p_from date default null, p_until date default null,
    p_reason text default '') returns bigint[]
language plpgsql security definer set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_customer tegoed.customer := tegoed.locked_customer(p_customer, 'collector');
    v_from date := coalesce(p_from, (select d.first from tegoed.own_days(v_customer.company_id) d));
    v_ids bigint[];
begin
    if p_items is not null and exists (
        select from unnest(p_items) i(id) left join tegoed.open_item oi on oi.id = i.id and oi.customer_id = p_customer
        where oi.id is null) then
        perform tegoed.fail('TG005', 'Not all of these items are of this customer.', jsonb_build_object('code', 'item.unknown'));
    elsif p_amount is not null and coalesce(cardinality(p_items), 0) <> 1 then
        perform tegoed.fail('TG001', 'A part can only be held of one item.', jsonb_build_object('field', 'amount'));
    elsif p_amount <= 0 then
        perform tegoed.fail('TG001', 'The amount to hold must be above zero.', jsonb_build_object('field', 'amount'));
    elsif p_until < v_from then
        perform tegoed.fail('TG001', 'A hold cannot end before it starts.', jsonb_build_object('field', 'until'));
    end if;
    with placed as (
        insert into tegoed.hold (company_id, customer_id, open_item_id, amount, stops, cause, starts, until, reason)
        select v_customer.company_id, p_customer, i.id, p_amount, p_stops, p_cause, v_from, p_until, coalesce(p_reason, '')
        from unnest(coalesce(p_items, array[null::bigint])) i(id)
        returning id
    )
    select array_agg(id) into v_ids from placed;
    perform tegoed.note_event(v_customer.company_id, p_customer, 'hold.placed', jsonb_build_object('holds', v_ids,
        'cause', p_cause, 'until', p_until, 'items', p_items, 'amount', p_amount, 'reason', p_reason));
    perform tegoed.review_waiting(v_customer.company_id, p_customer, 'hold');
    perform tegoed.announce(v_customer.company_id, 'holds', array[p_customer]);
    return v_ids;
end
$$;

create function tegoed.release_hold(p_hold bigint) returns void
language plpgsql security definer set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_hold tegoed.hold;
begin
    select * into v_hold from tegoed.hold where id = p_hold and company_id = any (tegoed.my_companies());
    perform tegoed.locked_customer(v_hold.customer_id, 'collector');
    select * into v_hold from tegoed.hold where id = p_hold for update;
    if v_hold.released_at is not null or v_hold.until < tegoed.own_today(v_hold.company_id) then
        perform tegoed.fail('TG003', 'This hold has ended already.', jsonb_build_object('code', 'hold.ended'));
    end if;
    update tegoed.hold set released_at = now(), released_by = session_user,
        ended_on = tegoed.own_today(v_hold.company_id) where id = p_hold;
    perform tegoed.note_event(v_hold.company_id, v_hold.customer_id, 'hold.released', jsonb_build_object('hold', p_hold));
    perform tegoed.review_waiting(v_hold.company_id, v_hold.customer_id, 'hold');
    perform tegoed.plan_customers(v_hold.company_id, tegoed.own_today(v_hold.company_id), array[v_hold.customer_id])
    from tegoed.company c where c.id = v_hold.company_id and c.state <> 'off' and c.planned_for is not null;
    perform tegoed.announce(v_hold.company_id, 'holds', array[v_hold.customer_id]);
end
$$;

create function tegoed.hold_items_of(p_action tegoed.action, p_cause text, p_until date, p_reason text) returns void
language sql set search_path = pg_catalog, tegoed, pg_temp as $$
    insert into tegoed.hold (company_id, customer_id, open_item_id, cause, source_kind, source_id, starts, until, reason)
    select p_action.company_id, p_action.customer_id, ai.open_item_id, p_cause, 'action', p_action.id,
           least(d.first, p_until), p_until, coalesce(p_reason, '')
    from tegoed.action_item ai cross join tegoed.own_days(p_action.company_id) d
    where ai.action_id = p_action.id and ai.role in ('demand', 'also_due', 'covered')
$$;

-- Takes back what waits. `postpone` holds its items until the day before p_until (default: three working
-- days on), `stop` until somebody releases them, `skip` marks each item's own step as skipped today.
create function tegoed.recall_action(p_action bigint, p_choice text default 'postpone', p_until date default null)
returns void language plpgsql security definer set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_action tegoed.action := tegoed.locked_action(p_action, 'collector');
    v_today date := tegoed.own_today(v_action.company_id);
    v_items bigint[];
begin
    if p_choice not in ('postpone', 'skip', 'stop') then
        perform tegoed.fail('TG001', format('%s is not a choice.', p_choice), jsonb_build_object('field', 'choice'));
    elsif v_action.state not in ('planned', 'awaiting_approval', 'approved') then
        perform tegoed.wrong_state(v_action, 'waiting');
    elsif exists (select from tegoed.delivery d where d.action_id = p_action and d.state in ('sending', 'done', 'failed', 'uncertain')) then
        perform tegoed.wrong_state(v_action, 'waiting; it is leaving');
    elsif p_until is not null and p_until <= v_today then
        perform tegoed.fail('TG001', 'Postpone to a day after today.', jsonb_build_object('field', 'until'));
    end if;
    if p_choice = 'skip' then
        with skipped as (
            insert into tegoed.step_done (company_id, open_item_id, version_id, position, stage, rank, action_id, at,
                                          on_date, written, skipped, reason)
            select ai.company_id, ai.open_item_id, ai.version_id, coalesce(ai.position, 0), ai.stage, ai.rank, p_action,
                   now(), v_today, v_action.kind in ('email', 'letter'), true, 'by hand'
            from tegoed.action_item ai
            where ai.action_id = p_action and ai.role in ('demand', 'also_due')
            returning open_item_id
        )
        select array_agg(open_item_id) into v_items from skipped;
        perform tegoed.keep_progress(v_items);
    else
        perform tegoed.hold_items_of(v_action, 'recalled', case when p_choice = 'postpone' then
            coalesce(p_until, tegoed.add_days(v_action.company_id, v_today, 3, 'business')) - 1 end, 'recalled');
    end if;
    perform tegoed.note_event(v_action.company_id, v_action.customer_id, 'action.recalled',
        jsonb_build_object('choice', p_choice, 'until', p_until), p_action);
    perform tegoed.cancel_action(p_action, 'recalled');
end
$$;

create function tegoed.undo_skip(p_action bigint) returns void
language plpgsql security definer set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_action tegoed.action := tegoed.locked_action(p_action, 'collector');
begin
    if not exists (select from tegoed.step_done s where s.action_id = p_action and s.skipped and s.undone_at is null) then
        perform tegoed.wrong_state(v_action, 'skipped');
    end if;
    perform tegoed.undo_steps(p_action);
    perform tegoed.note_event(v_action.company_id, v_action.customer_id, 'skip.undone', null, p_action);
end
$$;

-- Letters that left to paper: `p_posted_on` starts the terms of notices among them. Letters with an item
-- that was paid, held or changed since printing are listed first by posting_doubts().
create function tegoed.posting_doubts(p_actions bigint[], p_on date)
returns table (action_id bigint, doubt text)
language sql stable set search_path = pg_catalog, tegoed, pg_temp as $$
    select x.id, (array_agg(x.doubt order by case x.doubt when 'paid' then 1 when 'held' then 2 else 3 end))[1]
    from (
        select a.id, case when oi.outstanding <= 0 then 'paid'
                     when (s.mask & tegoed.kind_mask('letter')) <> 0 or s.unheld <= 0 then 'held'
                     when s.unheld < ai.amount and s.unheld < oi.outstanding then 'held'
                     when oi.notice_id is null and s.unheld <> ai.amount
                          or f.line is not null and oi.outstanding <> (f.line ->> 'outstanding')::numeric then 'changed' end as doubt
        from tegoed.action a
        join tegoed.action_item ai on ai.action_id = a.id and ai.role in ('demand', 'also_due')
        join tegoed.open_item oi on oi.id = ai.open_item_id
        cross join lateral tegoed.unheld_item(oi, coalesce(p_on, tegoed.own_today(a.company_id))) s
        left join lateral (
            select i as line from jsonb_array_elements(a.facts #> '{checked,items}') i where (i ->> 'id')::bigint = oi.id
        ) f on true
        where a.id = any (p_actions)
    ) x where x.doubt is not null group by 1
$$;

create function tegoed.posting_doubts(p_actions bigint[])
returns table (action_id bigint, doubt text)
language sql stable security definer set search_path = pg_catalog, tegoed, pg_temp as $$
    select d.* from tegoed.posting_doubts((
        select array_agg(a.id) from tegoed.action a
        where a.id = any (p_actions) and a.company_id = any (tegoed.my_companies())), null) d
$$;

create function tegoed.confirm_posted(p_actions bigint[], p_posted_on date) returns int
language plpgsql security definer set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_row record;
    v_done int := 0;
begin
    perform tegoed.require_role('collector');
    for v_row in
        select d.id, d.company_id, d.customer_id, d.action_id, n.id as notice_id, d.contact_on
        from tegoed.delivery d left join tegoed.notice n on n.delivery_id = d.id
        where d.action_id = any (p_actions) and d.channel = 'letter' and d.state = 'done' and d.posted_on is null
          and d.company_id = any (tegoed.my_companies())
        order by d.id for update of d
    loop
        if p_posted_on > tegoed.own_today(v_row.company_id) then
            perform tegoed.fail('TG001', format('%s is still to come.', p_posted_on), jsonb_build_object('field', 'posted_on'));
        elsif p_posted_on < v_row.contact_on then
            perform tegoed.fail('TG001', format('The letter of action %s was made on %s, after %s.', v_row.action_id, v_row.contact_on, p_posted_on),
                jsonb_build_object('field', 'posted_on'));
        end if;
        update tegoed.delivery set posted_on = p_posted_on where id = v_row.id;
        if v_row.notice_id is not null then
            perform tegoed.start_notice(v_row.notice_id, p_posted_on, tegoed.presumed_delivery(v_row.company_id, p_posted_on));
        end if;
        perform tegoed.note_event(v_row.company_id, v_row.customer_id, 'delivery.posted',
            jsonb_build_object('on', p_posted_on), v_row.action_id, v_row.id);
        v_done := v_done + 1;
    end loop;
    return v_done;
end
$$;

-- A letter did not leave after all: its notice is void, its steps undone (unless another delivery of the
-- action left), it was no contact.
create function tegoed.not_posted(p_action bigint) returns void
language plpgsql security definer set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_action tegoed.action := tegoed.locked_action(p_action, 'collector');
    v_delivery tegoed.delivery;
begin
    select * into v_delivery from tegoed.delivery where action_id = p_action and channel = 'letter' and state = 'done' for update;
    if not found then
        perform tegoed.wrong_state(v_action, 'a printed letter');
    end if;
    update tegoed.delivery set state = 'withdrawn', contact_on = null, posted_on = null where id = v_delivery.id;
    -- a copy that has not left says what the letter said
    update tegoed.delivery set state = 'withdrawn', token = null, lease_until = null, contact_on = null
    where action_id = p_action and state in ('waiting', 'claimed');
    perform tegoed.void_notice(n.id, 'not posted') from tegoed.notice n where n.delivery_id = v_delivery.id;
    perform tegoed.note_event(v_action.company_id, v_action.customer_id, 'delivery.not_posted', null, p_action, v_delivery.id);
    if not exists (select from tegoed.delivery d where d.action_id = p_action and d.state = 'done') then
        perform tegoed.undo_steps(p_action);
        -- planned again from the next working day, not today
        insert into tegoed.hold (company_id, customer_id, open_item_id, cause, source_kind, source_id, starts, until, reason)
        select ai.company_id, v_action.customer_id, ai.open_item_id, 'recalled', 'action', p_action, d.first, d.last, 'not posted'
        from tegoed.action_item ai, tegoed.own_days(v_action.company_id) d
        where ai.action_id = p_action and ai.role in ('demand', 'also_due');
    end if;
end
$$;
