-- From planned to sending: render, approve, claim, begin_act; what follows the act is in 095. Each change of
-- state writes one event in its own transaction. Leases and retries use the database's clock; p_now is the
-- business instant, accepted for folder deliveries only.

create function tegoed.set_station(p_station uuid) returns void
language sql set search_path = pg_catalog, tegoed, pg_temp as $$
    select pg_catalog.set_config('tegoed.station', p_station::text, true)
$$;

-- Takes written actions to render, each under a lease, brought up to date first. Those with nothing left
-- are cancelled on the way and not returned.
create function tegoed.claim_renders(p_companies int[], p_limit int, p_lease interval, p_now timestamptz default null)
returns table (action_id bigint, token uuid, facts jsonb, deliveries jsonb)
language plpgsql security definer set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_row record;
    v_on date;
    v_left text;
    v_given int := 0;
    v_before bigint := 0;
begin
    perform tegoed.require_role('worker');
    -- a batch of which nothing is left says nothing about the ones after it
    <<batches>> loop
    for v_row in
        select a.id, c as company from tegoed.action a
        join tegoed.company c on c.id = a.company_id and c.state = 'live'
        where a.company_id = any (tegoed.my_companies()) and a.company_id = any (p_companies)
          and a.state = 'planned' and a.kind in ('email', 'letter')
          and a.business_date <= tegoed.business_date(c, p_now)
          and (a.render_lease is null or a.render_lease < now()) and a.id > v_before
        order by a.id limit p_limit
        for update of a skip locked
    loop
        v_before := v_row.id;
        v_on := tegoed.business_date(v_row.company, p_now);
        v_left := tegoed.refresh_action(v_row.id, v_on);
        if v_left is not null then
            perform tegoed.cancel_action(v_row.id, v_left);
            continue;
        end if;
        update tegoed.action a set render_token = gen_random_uuid(), render_lease = now() + p_lease, letter_date = v_on
        where a.id = v_row.id returning a.id, a.render_token into action_id, token;
        facts := tegoed.communication_facts(action_id, v_on);
        select jsonb_agg(jsonb_build_object('id', d.id, 'channel', d.channel, 'primary', d.is_primary,
                   'message_id', format('<%s.%s.tegoed@%s>', d.action_id, d.id,
                       coalesce(nullif(split_part((v_row.company).email, '@', 2), ''), 'tegoed.invalid')))
                   order by d.is_primary desc)
        into deliveries from tegoed.delivery d where d.action_id = v_row.id and d.state = 'waiting';
        v_given := v_given + 1;
        return next;
    end loop;
    exit batches when not found or v_given > 0;
    end loop batches;
end
$$;

create function tegoed.store_document(p_company int, p_content bytea, p_media_type text) returns bigint
language plpgsql set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_sha text := encode(sha256(p_content), 'hex');
    v_id bigint;
begin
    insert into tegoed.document (company_id, sha256, size, media_type)
    values (p_company, v_sha, octet_length(p_content), p_media_type)
    on conflict (company_id, sha256) do nothing returning id into v_id;
    if v_id is null then
        select d.id into v_id from tegoed.document d where d.company_id = p_company and d.sha256 = v_sha;
        return v_id;
    end if;
    insert into tegoed.document_chunk (document_id, no, company_id, content)
    select v_id, n, p_company, substring(p_content from n * 1048576 + 1 for 1048576)
    from generate_series(0, greatest(octet_length(p_content) - 1, 0) / 1048576) n;
    return v_id;
end
$$;

-- Keeps what was rendered. What needs approval then waits for it; the rest waits out the recall window.
-- False when the lease was lost in the meantime.
create function tegoed.store_rendering(p_action bigint, p_token uuid, p_facts jsonb, p_reference text,
    p_deliveries bigint[], p_message_ids text[], p_media_types text[], p_contents bytea[],
    p_now timestamptz default null) returns boolean
language plpgsql security definer set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_action tegoed.action;
    v_company tegoed.company;
    v_document bigint;
begin
    perform tegoed.require_role('worker');
    -- the customer first, as everywhere: a hold that waits for this action holds the customer
    perform 1 from tegoed.customer cu join tegoed.action a on a.customer_id = cu.id
    where a.id = p_action and a.company_id = any (tegoed.my_companies()) for update of cu;
    select * into v_action from tegoed.action
    where id = p_action and render_token = p_token and state = 'planned' and company_id = any (tegoed.my_companies())
    for update;
    if not found then
        return false;
    end if;
    select * into v_company from tegoed.company where id = v_action.company_id;
    perform tegoed.business_date(v_company, p_now);
    for i in 1 .. coalesce(cardinality(p_deliveries), 0) loop
        v_document := tegoed.store_document(v_action.company_id, p_contents[i], p_media_types[i]);
        update tegoed.delivery d set document_id = v_document, sha256 = encode(sha256(p_contents[i]), 'hex'),
            message_id = p_message_ids[i],
            not_before = case when v_action.approval_required then null else tegoed.contact_moment(v_action.company_id,
                coalesce(p_now, now() + make_interval(mins => v_company.recall_minutes))) end
        where d.id = p_deliveries[i] and d.action_id = p_action and d.state = 'waiting';
    end loop;
    insert into tegoed.letter_reference (action_id, company_id, customer_id, reference)
    values (p_action, v_action.company_id, v_action.customer_id, p_reference)
    on conflict (action_id) do nothing;
    update tegoed.action set facts = p_facts, facts_digest = tegoed.digest(p_facts), reference = p_reference,
        rendered_at = now(), render_token = null, render_lease = null,
        state = case when approval_required then 'awaiting_approval' else 'approved' end
    where id = p_action;
    perform tegoed.note_event(v_action.company_id, v_action.customer_id,
        case when v_action.approval_required then 'action.awaits_approval' else 'action.in_outbox' end,
        case when v_action.facts is not null then jsonb_build_object('letter_date',
            jsonb_build_array(v_action.facts #> '{shown,letter_date}', p_facts #> '{shown,letter_date}'), 'difference',
            tegoed.difference(v_action.facts -> 'checked', p_facts -> 'checked')) end, p_action);
    perform tegoed.announce(v_action.company_id, 'outbox', array[p_action]);
    return true;
end
$$;

-- The worker could not make it: its items are held, and a person gets it with the reason.
create function tegoed.refuse_rendering(p_action bigint, p_token uuid, p_reason text) returns void
language plpgsql security definer set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_action tegoed.action;
begin
    perform tegoed.require_role('worker');
    perform 1 from tegoed.customer cu join tegoed.action a on a.customer_id = cu.id
    where a.id = p_action and a.company_id = any (tegoed.my_companies()) for update of cu;
    select * into v_action from tegoed.action
    where id = p_action and render_token = p_token and state = 'planned' and company_id = any (tegoed.my_companies()) for update;
    if not found then
        return;
    end if;
    perform tegoed.hold_items_of(v_action, 'unreachable', null, p_reason);
    perform tegoed.cancel_action(p_action, 'unrenderable');
    insert into tegoed.action (company_id, customer_id, kind, origin, currency, business_date, due_on, amount, class, score,
        counts_as_step, cause, parent_action_id, explanation)
    values (v_action.company_id, v_action.customer_id, 'task', 'follow_up', v_action.currency, v_action.business_date,
        v_action.business_date, v_action.amount, 4, v_action.score, false, 'unrenderable', p_action,
        jsonb_build_object('rule', 'unrenderable', 'what', p_reason));
end
$$;

-- The check value of what an action would send: over the bytes of all its deliveries.
create function tegoed.rendered_sha(p_action bigint) returns text
language sql stable set search_path = pg_catalog, tegoed, pg_temp as $$
    select encode(sha256(convert_to(string_agg(d.sha256, ',' order by d.channel), 'UTF8')), 'hex')
    from tegoed.delivery d where d.action_id = p_action and d.state <> 'withdrawn'
$$;

create function tegoed.locked_action(p_action bigint, variadic p_roles text[]) returns tegoed.action
language plpgsql set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_action tegoed.action;
begin
    perform tegoed.require_role(variadic p_roles);
    select * into v_action from tegoed.action where id = p_action and company_id = any (tegoed.my_companies());
    if not found then
        perform tegoed.fail('TG005', format('There is no action %s, or you may not see it.', p_action),
            jsonb_build_object('code', 'action.unknown', 'values', jsonb_build_object('action', p_action)));
    end if;
    perform 1 from tegoed.customer where id = v_action.customer_id for update;
    select * into v_action from tegoed.action where id = p_action for update;
    return v_action;
end
$$;

create function tegoed.wrong_state(p_action tegoed.action, p_wanted text) returns void
language sql set search_path = pg_catalog, tegoed, pg_temp as $$
    select tegoed.fail('TG003', format('Action %s is %s%s, not %s.', p_action.id, p_action.state,
            coalesce(' (' || p_action.cancel_reason || ')', ''), p_wanted),
        jsonb_build_object('code', 'action.state', 'remedy', 'Look at it again; somebody or the worker was first.',
            'values', jsonb_build_object('action', p_action.id, 'state', p_action.state)))
$$;

-- Approves exactly these bytes. Whoever wrote or edited a communication never approves it (four eyes).
create function tegoed.approve_action(p_action bigint, p_sha256 text default null) returns void
language plpgsql security definer set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_action tegoed.action := tegoed.locked_action(p_action, 'approver');
    v_company tegoed.company;
    v_sha text := tegoed.rendered_sha(p_action);
begin
    select * into v_company from tegoed.company where id = v_action.company_id;
    if v_action.state <> 'awaiting_approval' then
        perform tegoed.wrong_state(v_action, 'waiting for approval');
    elsif v_company.four_eyes and v_action.author = session_user then
        perform tegoed.fail('TG004', 'You wrote this yourself; somebody else must approve it.',
            jsonb_build_object('code', 'approval.own'));
    elsif p_sha256 is not null and p_sha256 <> v_sha then
        perform tegoed.fail('TG003', 'It was rendered again after you looked at it.',
            jsonb_build_object('code', 'approval.changed', 'remedy', 'Look at the new one first.'));
    end if;
    insert into tegoed.approval (company_id, action_id, decision, sha256)
    values (v_action.company_id, p_action, 'approved', coalesce(v_sha, ''));
    update tegoed.action set state = 'approved' where id = p_action;
    update tegoed.delivery set not_before = tegoed.contact_moment(v_action.company_id,
        now() + make_interval(mins => v_company.recall_minutes)), error = null
    where action_id = p_action and state = 'waiting';
    perform tegoed.note_event(v_action.company_id, v_action.customer_id, 'action.approved',
        jsonb_build_object('sha256', v_sha), p_action);
    perform tegoed.announce(v_action.company_id, 'outbox', array[p_action]);
end
$$;

-- Back to its maker with a comment. What a machine made is held until somebody releases it.
create function tegoed.return_action(p_action bigint, p_comment text) returns void
language plpgsql security definer set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_action tegoed.action := tegoed.locked_action(p_action, 'approver');
begin
    if v_action.state <> 'awaiting_approval' then
        perform tegoed.wrong_state(v_action, 'waiting for approval');
    elsif coalesce(trim(p_comment), '') = '' then
        perform tegoed.fail('TG001', 'Say why it goes back.', jsonb_build_object('field', 'comment'));
    end if;
    insert into tegoed.approval (company_id, action_id, decision, sha256, comment)
    values (v_action.company_id, p_action, 'returned', coalesce(tegoed.rendered_sha(p_action), ''), p_comment);
    perform tegoed.hold_items_of(v_action, 'recalled', null, p_comment);
    perform tegoed.cancel_action(p_action, 'returned');
    insert into tegoed.action (company_id, customer_id, kind, origin, currency, business_date, due_on, amount, class, score,
        counts_as_step, cause, parent_action_id, explanation)
    select v_action.company_id, v_action.customer_id, 'task', 'follow_up', v_action.currency, d.today, d.today,
        v_action.amount, 4, v_action.score, false, 'returned', p_action,
        jsonb_build_object('rule', 'returned', 'comment', p_comment, 'by', session_user, 'author', v_action.author)
    from (select tegoed.own_today(v_action.company_id) as today) d;
end
$$;

-- An approval can be taken back until it is leaving.
create function tegoed.withdraw_approval(p_action bigint) returns void
language plpgsql security definer set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_action tegoed.action := tegoed.locked_action(p_action, 'approver');
begin
    if v_action.state <> 'approved' or not v_action.approval_required then
        perform tegoed.wrong_state(v_action, 'approved and waiting to leave');
    end if;
    insert into tegoed.approval (company_id, action_id, decision, sha256)
    values (v_action.company_id, p_action, 'withdrawn', coalesce(tegoed.rendered_sha(p_action), ''));
    update tegoed.action set state = 'awaiting_approval' where id = p_action;
    update tegoed.delivery set state = 'waiting', not_before = null, token = null, lease_until = null, contact_on = null
    where action_id = p_action and state in ('waiting', 'claimed');
    perform tegoed.note_event(v_action.company_id, v_action.customer_id, 'approval.withdrawn', null, p_action);
end
$$;

create function tegoed.send_now(p_action bigint) returns timestamptz
language plpgsql security definer set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_action tegoed.action := tegoed.locked_action(p_action, 'collector');
    v_moment timestamptz;
begin
    if v_action.state <> 'approved' then
        perform tegoed.wrong_state(v_action, 'waiting in the outbox');
    end if;
    update tegoed.delivery set not_before = tegoed.contact_moment(v_action.company_id, now()), error = null
    where action_id = p_action and state = 'waiting' and is_primary returning not_before into v_moment;
    perform tegoed.note_event(v_action.company_id, v_action.customer_id, 'action.send_now', null, p_action);
    perform tegoed.announce(v_action.company_id, 'outbox', array[p_action]);
    return v_moment;
end
$$;

-- Takes what may leave now, under a lease. `p_queues` are the print queues this station serves. On a
-- company's own clock there is no recall window; what was put off waits for that clock ("later: …"), what
-- failed before the act for the database's. A copy follows a primary that left.
create function tegoed.claim_deliveries(p_station uuid, p_companies int[], p_channels text[], p_queues int[],
    p_limit int, p_lease interval, p_now timestamptz default null)
returns table (delivery_id bigint, token uuid, company_id int, channel text)
language plpgsql security definer set search_path = pg_catalog, tegoed, pg_temp as $$
begin
    perform tegoed.require_role('worker');
    if tegoed.sending_paused() then
        return;
    end if;
    perform tegoed.set_station(p_station);
    return query
    with picked as (
        select d.id, tegoed.business_date(c, p_now) as today
        from tegoed.delivery d
        join tegoed.action a on a.id = d.action_id and a.state = case when d.is_primary then 'approved' else 'done' end
        join tegoed.company c on c.id = d.company_id and c.state = 'live'
        where d.state = 'waiting' and d.document_id is not null
          and case when p_now is null or d.error not like 'later: %' then d.not_before <= now()
                   else d.error is null or (d.not_before at time zone c.timezone)::date <= tegoed.business_date(c, p_now) end
          and d.company_id = any (tegoed.my_companies()) and d.company_id = any (p_companies)
          and d.channel = any (p_channels) and (d.channel <> 'letter' or d.queue_id = any (p_queues))
        order by d.not_before, d.id limit p_limit
        for update of d skip locked
    ), taken as (
        update tegoed.delivery d set state = 'claimed', token = gen_random_uuid(), lease_until = now() + p_lease,
            station_id = p_station, contact_on = p.today
        from picked p where d.id = p.id
        returning d.id, d.token, d.company_id, d.channel, d.customer_id, d.action_id
    ), told as (
        insert into tegoed.event (company_id, customer_id, action_id, delivery_id, kind, station_id)
        select t.company_id, t.customer_id, t.action_id, t.id, 'delivery.claimed', p_station from taken t
    )
    select t.id, t.token, t.company_id, t.channel from taken t order by t.id;
end
$$;

create function tegoed.renew_lease(p_deliveries bigint[], p_tokens uuid[], p_lease interval) returns void
language sql security definer set search_path = pg_catalog, tegoed, pg_temp as $$
    update tegoed.delivery d set lease_until = now() + p_lease
    from unnest(p_deliveries, p_tokens) w(id, token)
    where d.id = w.id and d.token = w.token and d.state in ('claimed', 'sending')
      and d.company_id = any (tegoed.my_companies()) and tegoed.has_role('worker')
$$;

create function tegoed.back_to_waiting(p_delivery tegoed.delivery, p_reason text, p_not_before timestamptz) returns jsonb
language plpgsql set search_path = pg_catalog, tegoed, pg_temp as $$
begin
    update tegoed.delivery set state = 'waiting', token = null, lease_until = null, contact_on = null,
        not_before = p_not_before, error = 'later: ' || p_reason
    where id = p_delivery.id;
    perform tegoed.note_event(p_delivery.company_id, p_delivery.customer_id, 'delivery.later',
        jsonb_build_object('reason', p_reason, 'not_before', p_not_before), p_delivery.action_id, p_delivery.id);
    return jsonb_build_object('verdict', 'later', 'reason', p_reason, 'not_before', p_not_before);
end
$$;

-- Why this delivery may not leave today although nothing about it is wrong: null, or reason and moment.
create function tegoed.must_wait(p_delivery tegoed.delivery, p_action tegoed.action, p_company tegoed.company,
    p_on date, p_at timestamptz)
returns table (reason text, not_before timestamptz)
language plpgsql stable set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_moment timestamptz := tegoed.contact_moment(p_company.id, p_at);
    v_gap int;
    v_last date;
    v_contacts int;
begin
    if v_moment > p_at then
        return query select 'contact_hours', v_moment;
    elsif not p_delivery.is_primary then
        return;  -- the second half of a contact that was made
    elsif p_action.origin <> 'by_hand' and tegoed.data_is_stale(p_company, p_on) then
        return query select 'stale_data', ((p_on + 1 + time '07:00') at time zone p_company.timezone);
    else
        select count(*) into v_contacts from (
            select d.id from tegoed.delivery d
            where d.customer_id = p_delivery.customer_id and d.company_id = p_company.id and d.contact_on = p_on
              and d.state in ('claimed', 'sending', 'done', 'failed', 'uncertain') and d.id <> p_delivery.id
            union all
            select ca.id from tegoed.call_attempt ca where ca.company_id = p_company.id
              and ca.customer_id = p_delivery.customer_id and ca.on_date = p_on) c;
        select v.contact_gap into v_gap from tegoed.workflow_version v where v.id = p_action.version_id;
        select max(d.contact_on) into v_last
        from tegoed.delivery d join tegoed.action a on a.id = d.action_id
        where d.customer_id = p_delivery.customer_id and d.company_id = p_company.id and d.action_id <> p_action.id
          and d.state in ('claimed', 'sending', 'done', 'failed', 'uncertain') and d.contact_on <= p_on
          and (d.contact_on < p_on or a.currency = p_action.currency);
        if v_contacts >= p_company.max_contacts_per_day then
            return query select 'day_full', ((p_on + 1 + time '07:00') at time zone p_company.timezone);
        elsif p_action.origin = 'workflow' and v_last + coalesce(v_gap, 7) > p_on then
            return query select 'gap',
                ((tegoed.next_working(p_company.id, v_last + coalesce(v_gap, 7)) + time '07:00') at time zone p_company.timezone);
        elsif p_action.stage = 'notice14' and exists (
            select from tegoed.notice n join tegoed.customer cu on cu.id = n.customer_id
            where n.customer_id = p_delivery.customer_id and n.currency = p_action.currency and n.action_id <> p_action.id
              and cu.kind in ('consumer', 'unknown')
              and (n.state = 'pending' or n.state = 'running' and n.last_day >= p_on)) then
            return query select 'earlier_term_runs', ((p_on + 1 + time '07:00') at time zone p_company.timezone);
        end if;
    end if;
end
$$;

-- What the law forbids to send, whatever the workflow says; looks at the customer and the items.
create function tegoed.law_refusal(p_action tegoed.action, p_on date) returns text
language sql stable set search_path = pg_catalog, tegoed, pg_temp as $$
    select case
        when p_action.stage = 'notice14' and bool_or(oi.due_estimated) then 'notice_due_estimated'
        when p_action.stage = 'notice14' and bool_or(oi.due_date >= p_on) then 'notice_before_default'
        when p_action.stage in ('reminder', 'demand', 'final_demand', 'default_notice') and bool_and(oi.due_date >= p_on)
            then 'not_due_yet' end
    from tegoed.action_item ai join tegoed.open_item oi on oi.id = ai.open_item_id
    where ai.action_id = p_action.id and ai.role = 'demand'
$$;

-- The last check before a communication leaves, under a lock on its customer, against today's facts.
-- verdict: send (now `sending`), later, again (to be rendered), cancelled, other_channel, gone (not ours any more).
create function tegoed.begin_act(p_delivery bigint, p_token uuid, p_template_version text default null,
    p_now timestamptz default null) returns jsonb
language plpgsql security definer set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_delivery tegoed.delivery;
    v_action tegoed.action;
    v_company tegoed.company;
    v_customer tegoed.customer;
    v_on date;
    v_why text;
    v_wait record;
begin
    perform tegoed.require_role('worker');
    select * into v_delivery from tegoed.delivery where id = p_delivery and company_id = any (tegoed.my_companies());
    select * into v_customer from tegoed.customer where id = v_delivery.customer_id for update;
    select * into v_delivery from tegoed.delivery
    where id = p_delivery and token = p_token and state = 'claimed' and company_id = any (tegoed.my_companies()) for update;
    if not found or v_delivery.lease_until < now() then
        return jsonb_build_object('verdict', 'gone');
    end if;
    perform tegoed.set_station(v_delivery.station_id);
    select * into v_action from tegoed.action where id = v_delivery.action_id for update;
    if v_action.state <> (case when v_delivery.is_primary then 'approved' else 'done' end) then
        return jsonb_build_object('verdict', 'gone');
    end if;
    select * into v_company from tegoed.company where id = v_delivery.company_id;
    v_on := tegoed.business_date(v_company, p_now);
    if v_company.state <> 'live' or tegoed.sending_paused() then
        return tegoed.back_to_waiting(v_delivery, 'paused', now() + interval '15 minutes');
    end if;
    select * into v_wait from tegoed.must_wait(v_delivery, v_action, v_company, v_on, coalesce(p_now, now())) w;
    if v_wait.reason is not null then
        return tegoed.back_to_waiting(v_delivery, v_wait.reason, v_wait.not_before);
    end if;
    if v_delivery.is_primary then
        v_why := tegoed.refresh_action(v_action.id, v_on);
        if v_why is null then
            select * into v_action from tegoed.action where id = v_action.id;
            v_why := case when tegoed.law_refusal(v_action, v_on) is not null then 'law' end;
        end if;
        if v_why is not null then
            perform tegoed.cancel_action(v_action.id, v_why);
            if v_why = 'law' then
                perform tegoed.law_follow_up(v_action, tegoed.law_refusal(v_action, v_on), v_on);
            end if;
            return jsonb_build_object('verdict', 'cancelled', 'reason', v_why);
        elsif v_delivery.channel = 'email' and not tegoed.can_mail(v_customer)
           or v_delivery.channel = 'letter' and not tegoed.can_post(v_customer) then
            return tegoed.send_otherwise(v_action, v_delivery, v_customer, v_on);
        end if;
        v_why := case
            when tegoed.digest(tegoed.communication_facts(v_action.id, v_on)) <> v_action.facts_digest then 'changed'
            when p_template_version is not null
                 and p_template_version <> coalesce(v_action.facts #>> '{shown,template_version}', p_template_version) then 'text_changed'
            when tegoed.working_days_between(v_company.id, v_action.letter_date, v_on) > v_company.bytes_valid_days then 'too_old'
            when v_action.approval_required and tegoed.rendered_sha(v_action.id) is distinct from (
                select p.sha256 from tegoed.approval p where p.action_id = v_action.id order by p.id desc limit 1) then 'not_approved'
            end;
        if v_why is not null then
            perform tegoed.render_again(v_action.id, v_why);
            return jsonb_build_object('verdict', 'again', 'reason', v_why);
        end if;
    elsif exists (select from tegoed.posting_doubts(array[v_action.id], v_on)) then
        -- what the copy says is not true any more, and its letter has left
        update tegoed.delivery set state = 'withdrawn', token = null, lease_until = null, contact_on = null,
            error = 'changed since the first left'
        where id = p_delivery;
        perform tegoed.note_event(v_delivery.company_id, v_delivery.customer_id, 'delivery.withdrawn', null, v_action.id, p_delivery);
        return jsonb_build_object('verdict', 'withdrawn');
    end if;
    -- the act begins with a whole lease, however long the others of its batch took
    update tegoed.delivery set state = 'sending', attempts = attempts + 1, attempted_at = coalesce(p_now, now()),
        contact_on = v_on, error = null, lease_until = greatest(lease_until, now() + interval '2 minutes')
    where id = p_delivery;
    update tegoed.action set state = 'sending' where id = v_action.id and state = 'approved';
    perform tegoed.note_event(v_delivery.company_id, v_delivery.customer_id, 'delivery.sending',
        jsonb_build_object('sha256', v_delivery.sha256), v_action.id, p_delivery);
    return jsonb_build_object('verdict', 'send', 'channel', v_delivery.channel, 'recipient', v_delivery.recipient,
        'document', v_delivery.document_id, 'sha256', v_delivery.sha256, 'message_id', v_delivery.message_id,
        'customer', v_customer.number, 'stage', v_action.stage, 'on', v_on, 'company', v_company.code);
end
$$;

create function tegoed.working_days_between(p_company int, p_from date, p_until date) returns int
language sql stable set search_path = pg_catalog, tegoed, pg_temp as $$
    select coalesce((select u.working_no - f.working_no from tegoed.company_calendar f, tegoed.company_calendar u
                     where f.company_id = p_company and f.day = p_from and u.company_id = p_company and u.day = p_until), 0)
$$;

-- What the law forbids is held, so that it is not planned again tomorrow: a due date that is still to come
-- ends the hold by itself, anything else a person who has looked.
create function tegoed.law_follow_up(p_action tegoed.action, p_rule text, p_on date) returns void
language plpgsql set search_path = pg_catalog, tegoed, pg_temp as $$
begin
    perform tegoed.hold_items_of(p_action, 'legal', (
        select case when p_rule <> 'notice_due_estimated' then greatest(max(oi.due_date), p_on) end
        from tegoed.action_item ai join tegoed.open_item oi on oi.id = ai.open_item_id
        where ai.action_id = p_action.id and ai.role = 'demand'), p_rule);
    insert into tegoed.action (company_id, customer_id, kind, origin, currency, business_date, due_on, amount, class, score,
        counts_as_step, cause, parent_action_id, explanation)
    values (p_action.company_id, p_action.customer_id, 'task', 'follow_up', p_action.currency, p_on, p_on, p_action.amount,
        4, p_action.score, false, 'law', p_action.id, jsonb_build_object('rule', 'law', 'what', p_rule));
end
$$;

-- The channel turned out to be unusable: the letter instead of the mail, else a person.
create function tegoed.send_otherwise(p_action tegoed.action, p_delivery tegoed.delivery, p_customer tegoed.customer, p_on date)
returns jsonb language plpgsql set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_kind text;
begin
    select tegoed.reachable_kind(p_customer, p_delivery.channel, coalesce(w.if_unreachable, 'letter')) into v_kind
    from (select 1) one
    left join tegoed.workflow_step w on w.version_id = p_action.version_id and w.position = p_action.position;
    update tegoed.delivery set state = 'withdrawn', is_primary = false, token = null, lease_until = null, contact_on = null,
        error = 'unreachable'
    where id = p_delivery.id;
    if v_kind in ('email', 'letter') then
        insert into tegoed.delivery (action_id, company_id, customer_id, channel, recipient, queue_id)
        values (p_action.id, p_action.company_id, p_action.customer_id, v_kind,
            case when v_kind = 'email' then p_customer.email else '' end,
            (select min(q.id) from tegoed.print_queue q where q.company_id = p_action.company_id))
        on conflict (action_id, channel) do update set is_primary = true, state = 'waiting', document_id = null
            where delivery.state in ('waiting', 'withdrawn');
        update tegoed.action set kind = v_kind where id = p_action.id;
        perform tegoed.render_again(p_action.id, 'unreachable');
        return jsonb_build_object('verdict', 'other_channel', 'channel', v_kind);
    end if;
    perform tegoed.hold_items_of(p_action, 'unreachable', null, 'no usable address');
    perform tegoed.cancel_action(p_action.id, 'unreachable');
    insert into tegoed.action (company_id, customer_id, kind, origin, currency, business_date, due_on, amount, class, score,
        counts_as_step, cause, parent_action_id, explanation)
    values (p_action.company_id, p_action.customer_id, v_kind, 'follow_up', p_action.currency, p_on, p_on, p_action.amount,
        4, p_action.score, false, 'unreachable', p_action.id, jsonb_build_object('rule', 'unreachable'));
    return jsonb_build_object('verdict', 'cancelled', 'reason', 'unreachable');
end
$$;
