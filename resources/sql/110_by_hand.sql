-- What people do themselves: letters and mails by hand, calls and their outcomes, tasks.

-- A communication by hand in the text of a stage. An item below that stage advances to it and loses its
-- planned written step; an item past it only restarts its interval. Needs approval by somebody else.
create function tegoed.write_by_hand(p_customer bigint, p_stage text, p_kind text, p_items bigint[],
    p_template text, p_tone text default 'neutral', p_counts boolean default true) returns bigint
language plpgsql security definer set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_customer tegoed.customer := tegoed.locked_customer(p_customer, 'collector');
    v_on date := (select d.first from tegoed.own_days(v_customer.company_id) d);
    v_step tegoed.workflow_step;
    v_version int;
    v_action bigint;
    v_old bigint;
    v_currency text;
begin
    if p_kind not in ('email', 'letter') then
        perform tegoed.fail('TG001', 'By hand goes by email or letter.', jsonb_build_object('field', 'kind'));
    end if;
    select min(oi.currency) into v_currency from tegoed.open_item oi
    where oi.id = any (p_items) and oi.customer_id = p_customer and oi.outstanding > 0 and oi.kind = 'invoice'
    having count(*) = cardinality(p_items) and count(distinct oi.currency) = 1;
    if v_currency is null then
        perform tegoed.fail('TG001', 'Choose open invoices of this customer in one currency.', jsonb_build_object('field', 'items'));
    end if;
    select cw.version_id into v_version from tegoed.customer_workflow(array[v_customer.company_id], array[p_customer]) cw;
    select * into v_step from tegoed.workflow_step w where w.version_id = v_version and w.stage = p_stage order by w.position limit 1;
    insert into tegoed.action (company_id, customer_id, kind, origin, stage, rank, version_id, position, template, tone,
        currency, business_date, due_on, class, approval_required, author, counts_as_step, explanation)
    select v_customer.company_id, p_customer, p_kind, 'by_hand', p_stage, tegoed.stage_rank(p_stage), v_version,
        v_step.position, p_template, p_tone, v_currency, v_on, v_on, 5, c.four_eyes, session_user, p_counts,
        jsonb_build_object('rule', 'by_hand', 'by', session_user, 'counts', p_counts)
    from tegoed.company c where c.id = v_customer.company_id
    returning id into v_action;
    insert into tegoed.action_item (action_id, open_item_id, company_id, role, stage, rank, version_id, position, amount)
    select v_action, oi.id, oi.company_id, 'demand',
           case when oi.rank_done <= tegoed.stage_rank(p_stage) then p_stage end,
           greatest(oi.rank_done, tegoed.stage_rank(p_stage)), v_version,
           case when oi.rank_done <= tegoed.stage_rank(p_stage) then v_step.position else oi.position_done end, oi.outstanding
    from tegoed.open_item oi where oi.id = any (p_items);
    insert into tegoed.delivery (action_id, company_id, customer_id, channel, recipient, queue_id)
    select v_action, v_customer.company_id, p_customer, p_kind, case when p_kind = 'email' then v_customer.email else '' end,
        case when p_kind = 'letter' then (select min(q.id) from tegoed.print_queue q where q.company_id = v_customer.company_id) end;
    -- the written step that was planned for these items is what this stands for
    if p_counts then
        for v_old in
            select distinct a.id from tegoed.action_item ai join tegoed.action a on a.id = ai.action_id
            where ai.open_item_id = any (p_items) and ai.live_step and a.kind in ('email', 'letter')
              and a.state in ('planned', 'awaiting_approval', 'approved') and a.rank <= tegoed.stage_rank(p_stage)
        loop
            delete from tegoed.action_item where action_id = v_old and open_item_id = any (p_items);
            if not exists (select from tegoed.action_item where action_id = v_old and role in ('demand', 'also_due')) then
                perform tegoed.cancel_action(v_old, 'by_hand');
            else
                perform tegoed.render_again(v_old, 'by_hand');
            end if;
        end loop;
    end if;
    perform tegoed.refresh_action(v_action, v_on);
    perform tegoed.note_event(v_customer.company_id, p_customer, 'action.by_hand', jsonb_build_object('stage', p_stage), v_action);
    return v_action;
end
$$;

create function tegoed.stage_rank(p_stage text) returns smallint
language sql immutable parallel safe as $$
    select (case p_stage when 'reminder' then 10 when 'demand' then 20 when 'notice14' then 30
        when 'final_demand' then 40 when 'default_notice' then 50 when 'hand_over' then 60 end)::smallint
$$;

-- The result of a call or task. Places the hold and the follow-up its outcome asks for; an unanswered
-- call stays, until its attempts or days are used up, and then counts as not reached.
create function tegoed.record_call(p_action bigint, p_outcome text, p_note text default '', p_on date default null) returns jsonb
language plpgsql security definer set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_action tegoed.action := tegoed.locked_action(p_action, 'collector');
    v_outcome tegoed.outcome;
    v_step tegoed.workflow_step;
    v_today date := tegoed.own_today(v_action.company_id);
    v_until date;
    v_hold bigint[];
    v_next bigint;
    v_items bigint[];
begin
    select * into v_outcome from tegoed.outcome where company_id = v_action.company_id and code = p_outcome;
    if not found then
        perform tegoed.fail('TG001', format('There is no outcome %s.', p_outcome), jsonb_build_object('field', 'outcome',
            'remedy', 'Known: ' || (select string_agg(o.code, ', ' order by o.position) from tegoed.outcome o
                                    where o.company_id = v_action.company_id) || '.'));
    elsif v_action.kind in ('email', 'letter', 'charge') or v_action.state not in ('planned', 'approved') then
        perform tegoed.wrong_state(v_action, 'a call or task that waits');
    end if;
    select * into v_step from tegoed.workflow_step where version_id = v_action.version_id and position = v_action.position;
    if v_outcome.attempt and v_action.kind = 'call' then
        insert into tegoed.call_attempt (company_id, customer_id, action_id, at, on_date, outcome, right_party, note)
        values (v_action.company_id, v_action.customer_id, p_action, now(), v_today, p_outcome, v_outcome.right_party, coalesce(p_note, ''));
    end if;
    perform tegoed.note_event(v_action.company_id, v_action.customer_id, 'call.outcome',
        jsonb_build_object('outcome', p_outcome, 'note', p_note), p_action);
    if not v_outcome.finishes and v_action.attempts + 1 < coalesce(v_step.max_attempts, 3)
       and tegoed.working_days_between(v_action.company_id, v_action.business_date, v_today) < coalesce(v_step.give_up_after, 5) then
        update tegoed.action set attempts = attempts + 1, outcome = p_outcome,
            not_before = tegoed.contact_moment(v_action.company_id,
                (tegoed.following_working(v_action.company_id, v_today) + time '09:00')
                at time zone (select c.timezone from tegoed.company c where c.id = v_action.company_id))
        where id = p_action;
        return jsonb_build_object('state', 'again');
    end if;
    select array_agg(ai.open_item_id) into v_items from tegoed.action_item ai
    where ai.action_id = p_action and ai.role in ('demand', 'also_due');
    update tegoed.action set state = 'done', ended_at = now(), attempts = attempts + 1,
        outcome = case when v_outcome.finishes then p_outcome else 'not_reached' end
    where id = p_action;
    perform tegoed.take_steps(p_action, v_today, now());
    if v_outcome.hold_cause is not null then
        v_until := tegoed.add_days(v_action.company_id, coalesce(p_on, v_today), coalesce(v_outcome.hold_days, 2), 'business');
        v_hold := tegoed.place_hold(v_action.customer_id, v_items, null, v_outcome.hold_stops, v_outcome.hold_cause, null, v_until,
            coalesce(nullif(p_note, ''), v_outcome.name_en));
    end if;
    if v_outcome.follow_up_kind is not null then
        insert into tegoed.action (company_id, customer_id, kind, origin, currency, business_date, due_on, amount, class, score,
            counts_as_step, cause, parent_action_id, explanation)
        values (v_action.company_id, v_action.customer_id, v_outcome.follow_up_kind, 'follow_up', v_action.currency, v_today,
            coalesce(v_until, tegoed.add_days(v_action.company_id, v_today, coalesce(v_outcome.follow_up_days, 0), 'business')),
            v_action.amount, tegoed.class_of(v_outcome.follow_up_kind), v_action.score, false, p_outcome, p_action,
            jsonb_build_object('rule', 'outcome', 'outcome', p_outcome, 'note', p_note, 'agreed_on', p_on))
        returning id into v_next;
    end if;
    perform tegoed.announce(v_action.company_id, 'actions', array[p_action]);
    return jsonb_build_object('state', 'done', 'holds', v_hold, 'held_until', v_until, 'follow_up', v_next);
end
$$;
