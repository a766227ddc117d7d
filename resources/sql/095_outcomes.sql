-- What became of a delivery: the outcome of its act, leases that ran out, a person's answer.

-- The primary delivery of an action left: its items take their steps, a notice is recorded.
create function tegoed.finish_action(p_action bigint, p_delivery tegoed.delivery) returns void
language plpgsql set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_action tegoed.action;
    v_notice bigint;
begin
    update tegoed.action set state = 'done', ended_at = coalesce(p_delivery.attempted_at, now())
    where id = p_action and state <> 'done' returning * into v_action;
    if not found then
        return;
    end if;
    perform tegoed.take_steps(p_action, p_delivery.contact_on, p_delivery.attempted_at);
    if v_action.stage = 'notice14' then
        insert into tegoed.notice (company_id, customer_id, action_id, delivery_id, currency, sent_on, principal, fee, vat)
        select v_action.company_id, v_action.customer_id, p_action, p_delivery.id, v_action.currency, p_delivery.contact_on,
               (n ->> 'principal')::numeric, (n ->> 'fee')::numeric, (n ->> 'vat')::numeric
        from (select v_action.facts #> '{checked,notice}' as n) f
        on conflict (delivery_id) do nothing returning id into v_notice;
        insert into tegoed.notice_item (notice_id, open_item_id, company_id, principal)
        select v_notice, ai.open_item_id, ai.company_id, ai.amount from tegoed.action_item ai
        where ai.action_id = p_action and ai.role = 'demand' and v_notice is not null;
        update tegoed.open_item oi set notice_id = v_notice
        from tegoed.action_item ai
        where ai.action_id = p_action and ai.role = 'demand' and oi.id = ai.open_item_id and v_notice is not null;
        if p_delivery.channel = 'email' and v_notice is not null then
            perform tegoed.start_notice(v_notice, p_delivery.contact_on, p_delivery.contact_on + 1);
        end if;
    end if;
end
$$;

-- What became of a delivery: `sent`; `retry` (known not to have left); `failed` (refused for good);
-- `unknown`. A token that is void changes nothing, is written down, and if it says sent, somebody must look.
create function tegoed.record_outcome(p_delivery bigint, p_token uuid, p_outcome text, p_error text default null)
returns jsonb language plpgsql security definer set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_delivery tegoed.delivery;
    v_action tegoed.action;
    v_state text;
    v_no bigint;
begin
    perform tegoed.require_role('worker');
    if p_outcome not in ('sent', 'retry', 'failed', 'unknown') then
        perform tegoed.fail('TG001', format('%s is not an outcome.', p_outcome), jsonb_build_object('field', 'outcome'));
    end if;
    select * into v_delivery from tegoed.delivery where id = p_delivery and company_id = any (tegoed.my_companies());
    if not found then
        perform tegoed.fail('TG005', 'There is no such delivery.', '{}');
    end if;
    perform 1 from tegoed.customer where id = v_delivery.customer_id for update;
    select * into v_delivery from tegoed.delivery where id = p_delivery for update;
    perform tegoed.set_station(v_delivery.station_id);
    select * into v_action from tegoed.action where id = v_delivery.action_id;
    if v_delivery.token is distinct from p_token or v_delivery.state not in ('sending', 'uncertain') then
        perform tegoed.note_event(v_delivery.company_id, v_delivery.customer_id, 'delivery.late_outcome',
            jsonb_build_object('outcome', p_outcome, 'error', p_error), v_delivery.action_id, p_delivery);
        if p_outcome = 'sent' and v_delivery.state <> 'done' then
            insert into tegoed.action (company_id, customer_id, kind, origin, currency, business_date, due_on, amount, class,
                score, counts_as_step, cause, parent_action_id, explanation)
            select v_delivery.company_id, v_delivery.customer_id, 'task', 'follow_up', v_action.currency, d, d,
                v_action.amount, 1, v_action.score, false, 'late_sent', v_action.id,
                jsonb_build_object('rule', 'late_sent', 'delivery', p_delivery)
            from tegoed.own_today(v_delivery.company_id) d;
        end if;
        return jsonb_build_object('state', v_delivery.state, 'late', true);
    end if;
    v_state := case p_outcome when 'sent' then 'done' when 'failed' then 'failed' when 'unknown' then 'uncertain'
        else case when v_delivery.attempts >= 6 then 'failed' else 'waiting' end end;
    update tegoed.delivery set state = v_state, error = coalesce(p_error, case when v_state = 'waiting' then 'did not leave' end),
        token = case when v_state = 'uncertain' then token end, lease_until = null,
        finished_at = case when v_state in ('done', 'failed') then now() end,
        contact_on = case when v_state = 'waiting' then null else contact_on end,
        not_before = case when v_state = 'waiting'
            then now() + interval '1 minute' * power(4, least(v_delivery.attempts, 5)) else not_before end
    where id = p_delivery returning * into v_delivery;
    if v_state = 'waiting' and v_delivery.is_primary then
        update tegoed.action set state = 'approved' where id = v_action.id and state = 'sending';
    elsif v_state = 'done' and v_delivery.is_primary then
        perform tegoed.finish_action(v_action.id, v_delivery);
    end if;
    perform tegoed.note_event(v_delivery.company_id, v_delivery.customer_id, 'delivery.' || v_state,
        jsonb_build_object('error', p_error, 'channel', v_delivery.channel), v_delivery.action_id, p_delivery);
    update tegoed.station set outcome_no = outcome_no + 1, seen_at = now()
    where id = v_delivery.station_id returning outcome_no into v_no;
    perform tegoed.announce(v_delivery.company_id, 'outbox', array[v_delivery.action_id]);
    return jsonb_build_object('state', v_state, 'outcome_no', v_no);
end
$$;

-- p_now is the clock of those companies that were planned for its day; the others keep theirs.
create function tegoed.tended_on(p_company tegoed.company, p_now timestamptz) returns date
language sql stable set search_path = pg_catalog, tegoed, pg_temp as $$
    select case when p_now is null or p_company.mail_transport <> 'folder'
                     or coalesce(p_company.planned_for < (p_now at time zone p_company.timezone)::date, true)
                then tegoed.today_of(p_company.id) else tegoed.business_date(p_company, p_now) end
$$;

-- Leases that ran out: claimed goes back to waiting, sending becomes uncertain; bytes that waited too
-- long for approval are rendered again. Every worker calls it.
create function tegoed.tend_deliveries(p_now timestamptz default null) returns jsonb
language plpgsql security definer set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_row record;
    v_back int := 0;
    v_uncertain int := 0;
    v_old int := 0;
begin
    perform tegoed.require_role('worker');
    for v_row in
        select d.* from tegoed.delivery d
        where d.state in ('claimed', 'sending') and d.lease_until < now() and d.company_id = any (tegoed.my_companies())
        for update skip locked
    loop
        if v_row.state = 'claimed' then
            update tegoed.delivery set state = 'waiting', token = null, lease_until = null, contact_on = null
            where id = v_row.id;
            v_back := v_back + 1;
        else
            update tegoed.delivery set state = 'uncertain', lease_until = null, error = 'lease ran out while sending'
            where id = v_row.id;
            v_uncertain := v_uncertain + 1;
            perform tegoed.announce(v_row.company_id, 'outbox', array[v_row.action_id]);
        end if;
        perform tegoed.note_event(v_row.company_id, v_row.customer_id,
            case v_row.state when 'claimed' then 'delivery.lease_expired' else 'delivery.uncertain' end,
            null, v_row.action_id, v_row.id);
    end loop;
    for v_row in
        select a.id from tegoed.action a join tegoed.company c on c.id = a.company_id
        where a.state in ('awaiting_approval', 'approved') and a.kind in ('email', 'letter')
          and a.company_id = any (tegoed.my_companies())
          and tegoed.working_days_between(c.id, a.letter_date, tegoed.tended_on(c, p_now)) > c.bytes_valid_days
          and not exists (select from tegoed.delivery d where d.action_id = a.id and d.state not in ('waiting', 'withdrawn'))
        for update of a skip locked
    loop
        perform tegoed.render_again(v_row.id, 'too_old');
        v_old := v_old + 1;
    end loop;
    return jsonb_build_object('back', v_back, 'uncertain', v_uncertain, 'rendered_again', v_old);
end
$$;

-- A person says what became of a failed or uncertain delivery: `sent` (at the time of the attempt),
-- `not_sent`, or `other_channel` (a new action with every check). The answer voids the token.
create function tegoed.answer_delivery(p_action bigint, p_answer text) returns jsonb
language plpgsql security definer set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_action tegoed.action := tegoed.locked_action(p_action, 'collector');
    v_delivery tegoed.delivery;
    v_new bigint;
begin
    if p_answer not in ('sent', 'not_sent', 'other_channel') then
        perform tegoed.fail('TG001', format('%s is not an answer.', p_answer), jsonb_build_object('field', 'answer'));
    end if;
    select * into v_delivery from tegoed.delivery
    where action_id = p_action and state in ('failed', 'uncertain') order by is_primary desc, id limit 1 for update;
    if not found then
        perform tegoed.wrong_state(v_action, 'failed or uncertain');
    end if;
    perform tegoed.note_event(v_action.company_id, v_action.customer_id, 'delivery.answered',
        jsonb_build_object('answer', p_answer, 'was', v_delivery.state), p_action, v_delivery.id);
    if p_answer = 'sent' then
        update tegoed.delivery set state = 'done', token = null, finished_at = now() where id = v_delivery.id
        returning * into v_delivery;
        if v_delivery.is_primary then
            perform tegoed.finish_action(p_action, v_delivery);
        end if;
        return jsonb_build_object('state', 'done');
    end if;
    update tegoed.delivery set state = 'withdrawn', token = null, contact_on = null, finished_at = now()
    where id = v_delivery.id;
    if not v_delivery.is_primary then
        return jsonb_build_object('state', 'withdrawn');
    end if;
    perform tegoed.cancel_action(p_action, p_answer);
    if p_answer = 'other_channel' then
        v_new := tegoed.again_by(v_action, case v_delivery.channel when 'email' then 'letter' else 'email' end);
    end if;
    return jsonb_build_object('state', 'cancelled', 'new_action', v_new);
end
$$;

-- The same communication by another channel, to be rendered and checked like any other.
create function tegoed.again_by(p_action tegoed.action, p_channel text) returns bigint
language plpgsql set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_customer tegoed.customer;
    v_new bigint;
    v_on date := (select d.first from tegoed.own_days(p_action.company_id) d);
begin
    select * into v_customer from tegoed.customer where id = p_action.customer_id;
    if p_channel = 'email' and not tegoed.can_mail(v_customer) or p_channel = 'letter' and not tegoed.can_post(v_customer) then
        perform tegoed.fail('TG002', format('This customer cannot be reached by %s.', p_channel),
            jsonb_build_object('code', 'unreachable', 'remedy', 'Correct the address, or say not sent.'));
    end if;
    insert into tegoed.action (company_id, customer_id, kind, origin, stage, rank, version_id, position, template, tone,
        currency, business_date, due_on, amount, days_overdue, class, score, approval_required, author, counts_as_step,
        parent_action_id, explanation)
    values (p_action.company_id, p_action.customer_id, p_channel, p_action.origin, p_action.stage, p_action.rank,
        p_action.version_id, p_action.position, p_action.template, p_action.tone, p_action.currency,
        least(p_action.business_date, v_on), p_action.due_on, p_action.amount, p_action.days_overdue, p_action.class, p_action.score,
        p_action.approval_required, p_action.author, p_action.counts_as_step, p_action.id,
        p_action.explanation || jsonb_build_object('other_channel_of', p_action.id))
    returning id into v_new;
    insert into tegoed.action_item (action_id, open_item_id, company_id, role, stage, rank, version_id, position, amount, live_step)
    select v_new, ai.open_item_id, ai.company_id, ai.role, ai.stage, ai.rank, ai.version_id, ai.position, ai.amount,
           ai.role in ('demand', 'also_due') and p_action.origin = 'workflow' and not exists (
               select from tegoed.action_item l where l.open_item_id = ai.open_item_id and l.live_step)
    from tegoed.action_item ai where ai.action_id = p_action.id;
    insert into tegoed.delivery (action_id, company_id, customer_id, channel, recipient, queue_id)
    values (v_new, p_action.company_id, p_action.customer_id, p_channel,
        case when p_channel = 'email' then v_customer.email else '' end,
        case when p_channel = 'letter' then (select min(q.id) from tegoed.print_queue q where q.company_id = p_action.company_id) end);
    perform tegoed.note_event(p_action.company_id, p_action.customer_id, 'action.planned',
        jsonb_build_object('other_channel_of', p_action.id), v_new);
    return v_new;
end
$$;
