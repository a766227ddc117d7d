-- The law's numbers where the database must know them: what a letter may claim, and when a term ends.

-- Extrajudicial collection costs over a principal (art. 6:96 BW, Besluit BIK), without VAT.
create function tegoed.wik_fee(p_principal numeric) returns numeric
language sql immutable parallel safe as $$
    select case when p_principal <= 0 then 0.00 else round(least(6775, greatest(40,
        least(p_principal, 2500) * 0.15
        + greatest(least(p_principal, 5000) - 2500, 0) * 0.10
        + greatest(least(p_principal, 10000) - 5000, 0) * 0.05
        + greatest(least(p_principal, 200000) - 10000, 0) * 0.01
        + greatest(p_principal - 200000, 0) * 0.005)), 2) end
$$;

-- A letter is presumed delivered on the second day after posting; Sundays, Mondays and holidays do not
-- count. A day off of the company counts as a holiday: later is the safe side.
create function tegoed.presumed_delivery(p_company int, p_posted date) returns date
language sql stable set search_path = pg_catalog, tegoed, pg_temp as $$
    select day from (
        select c.day from tegoed.company_calendar c
        where c.company_id = p_company and c.day between p_posted + 1 and p_posted + 30
          and extract(isodow from c.day) not in (1, 7)
          and (c.working or extract(isodow from c.day) = 6 and c.day <> all (
              select unnest(k.days_off) from tegoed.company k where k.id = p_company))
        order by c.day limit 2
    ) days order by day desc limit 1
$$;

-- The last of fourteen days from the day after delivery; on a day that is not a working day, the next one.
create function tegoed.notice_last_day(p_company int, p_delivered date) returns date
language sql stable set search_path = pg_catalog, tegoed, pg_temp as $$
    select tegoed.next_working(p_company, p_delivered + 14)
$$;

-- What a 14-day letter may claim for these items: the fee over all principals noticed in six months, less
-- the fees already claimed, never below nothing.
create function tegoed.notice_claim(p_company int, p_customer bigint, p_currency text, p_on date, p_principal numeric)
returns jsonb language sql stable set search_path = pg_catalog, tegoed, pg_temp as $$
    -- as text: a number would lose its trailing zeros on the way through the worker and look changed
    select jsonb_build_object('principal', p_principal::text, 'fee', f.fee::text,
        'vat', (case when c.charge_vat then round(f.fee * 0.21, 2) else 0.00 end)::text)
    from tegoed.company c
    cross join (
        select coalesce(sum(n.principal) filter (where open_item.outstanding > 0 or n.state = 'charged'), 0) as principal,
               coalesce((select sum(n2.fee) from tegoed.notice n2 where n2.customer_id = p_customer
                         and n2.currency = p_currency and n2.state in ('pending', 'running', 'charged')
                         and n2.sent_on > p_on - interval '6 months'), 0) as claimed
        from (
            select n1.state, ni.open_item_id, ni.principal from tegoed.notice n1
            join tegoed.notice_item ni on ni.notice_id = n1.id
            where n1.customer_id = p_customer and n1.currency = p_currency
              and n1.state in ('pending', 'running', 'charged') and n1.sent_on > p_on - interval '6 months'
        ) n left join tegoed.open_item on open_item.id = n.open_item_id
    ) earlier
    cross join lateral (
        select greatest(tegoed.wik_fee(earlier.principal + p_principal) - earlier.claimed, 0) as fee
    ) f
    where c.id = p_company
$$;

-- A notice was delivered to the letter box or the mail server: its term can run.
create function tegoed.start_notice(p_notice bigint, p_posted date, p_delivered date) returns void
language sql set search_path = pg_catalog, tegoed, pg_temp as $$
    update tegoed.notice n
    set state = 'running', posted_on = p_posted, delivered_on = p_delivered,
        last_day = tegoed.notice_last_day(n.company_id, p_delivered)
    where n.id = p_notice and n.state = 'pending'
$$;

-- A notice that never arrived: its step is undone, what it charged is taken back.
create function tegoed.void_notice(p_notice bigint, p_reason text) returns void
language plpgsql set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_notice tegoed.notice;
begin
    update tegoed.notice set state = 'void', void_reason = p_reason where id = p_notice and state <> 'void'
    returning * into v_notice;
    if not found then
        return;
    end if;
    update tegoed.open_item set notice_id = null where notice_id = p_notice;
    insert into tegoed.movement (company_id, open_item_id, kind, amount, value_date, reason)
    select oi.company_id, oi.id, 'correction', -oi.outstanding, tegoed.today_of(oi.company_id), 'notice void'
    from tegoed.open_item oi where oi.charged_notice_id = p_notice and oi.outstanding <> 0;
    perform tegoed.note_event(v_notice.company_id, v_notice.customer_id, 'notice.void',
        jsonb_build_object('notice', p_notice, 'reason', p_reason), v_notice.action_id);
end
$$;

-- The fee a notice earned: over what was still unpaid of its principals after its last day.
create function tegoed.earned_fee(p_notice bigint) returns numeric
language sql stable set search_path = pg_catalog, tegoed, pg_temp as $$
    select case when unpaid.principal <= 0 then 0 else least(n.fee, greatest(
        case when n.principal = unpaid.principal then n.fee
             else tegoed.wik_fee(unpaid.principal) - (tegoed.wik_fee(n.principal) - n.fee) end, 0)) end
    from tegoed.notice n
    cross join lateral (
        select coalesce(sum(greatest(least(ni.principal, oi.original_amount + coalesce((
            select sum(m.amount) from tegoed.movement m
            where m.open_item_id = ni.open_item_id and m.value_date <= n.last_day), 0)), 0)), 0) as principal
        from tegoed.notice_item ni join tegoed.open_item oi on oi.id = ni.open_item_id
        where ni.notice_id = n.id
    ) unpaid
    where n.id = p_notice
$$;

-- Payments with a value date inside a term that became known after the charge lower or undo it.
create function tegoed.correct_charges(p_items bigint[]) returns void
language plpgsql set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_row record;
begin
    for v_row in
        select oi.id, oi.company_id, oi.customer_id, oi.original_amount + oi.settled_amount as open, oi.original_amount,
               n.id as notice_id, tegoed.earned_fee(n.id) as fee, c.charge_vat
        from tegoed.notice n
        join tegoed.open_item oi on oi.charged_notice_id = n.id
        join tegoed.company c on c.id = n.company_id
        where n.state = 'charged'
          and n.id in (select ni.notice_id from tegoed.notice_item ni where ni.open_item_id = any (p_items))
    loop
        v_row.fee := v_row.fee + case when v_row.charge_vat then round(v_row.fee * 0.21, 2) else 0 end;
        if v_row.fee < v_row.original_amount and v_row.open > 0 then
            insert into tegoed.movement (company_id, open_item_id, kind, amount, value_date, reason)
            select v_row.company_id, v_row.id, 'correction', -least(x.rest, v_row.open),
                   tegoed.today_of(v_row.company_id), 'paid within the term'
            from (select v_row.original_amount - v_row.fee + coalesce((
                      select sum(m.amount) from tegoed.movement m
                      where m.open_item_id = v_row.id and m.kind = 'correction'), 0) as rest) x
            where x.rest > 0;
            perform tegoed.note_event(v_row.company_id, v_row.customer_id, 'charge.corrected',
                jsonb_build_object('notice', v_row.notice_id, 'fee', v_row.fee), null, null, v_row.id);
        end if;
    end loop;
end
$$;

-- Posts the costs of a charge action as an open item. For natural persons only what an expired notice
-- allows, and only when the money data cover its last day.
create function tegoed.post_charge(p_action bigint, p_now timestamptz default null) returns text
language plpgsql security definer set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_action tegoed.action;
    v_company tegoed.company;
    v_on date;
    v_natural boolean;
    v_notice tegoed.notice;
    v_principal numeric;
    v_fee numeric;
begin
    perform tegoed.require_role('worker', 'manager');
    select * into v_action from tegoed.action where id = p_action and company_id = any (tegoed.my_companies());
    perform 1 from tegoed.customer where id = v_action.customer_id for update;
    select * into v_action from tegoed.action where id = p_action and kind = 'charge' for update;
    if not found or v_action.state not in ('planned', 'approved') then
        return 'gone';
    end if;
    select * into v_company from tegoed.company where id = v_action.company_id;
    v_on := tegoed.business_date(v_company, p_now);
    if v_company.state <> 'live' or tegoed.sending_paused() then
        return 'paused';
    end if;
    if v_action.approval_required and v_action.state = 'planned' then
        update tegoed.action set state = 'awaiting_approval' where id = p_action;
        return 'awaiting_approval';
    end if;
    select cu.kind in ('consumer', 'unknown') into v_natural from tegoed.customer cu where cu.id = v_action.customer_id;
    -- what may no longer be charged leaves the action: paid, held, estimated due date, never demanded
    delete from tegoed.action_item ai using tegoed.item_step(array[v_action.company_id], v_on, array[v_action.customer_id]) s
    where ai.action_id = p_action and s.open_item_id = ai.open_item_id
      and (s.held or s.unheld <= 0 or s.wait is not null or s.fail is not null);
    delete from tegoed.action_item ai using tegoed.open_item oi
    where ai.action_id = p_action and oi.id = ai.open_item_id and oi.outstanding <= 0;
    select n.* into v_notice from tegoed.action_item ai join tegoed.open_item oi on oi.id = ai.open_item_id
    join tegoed.notice n on n.id = oi.notice_id where ai.action_id = p_action order by n.id limit 1;
    select coalesce(sum(ai.amount), 0) into v_principal from tegoed.action_item ai where ai.action_id = p_action;
    if v_principal <= 0 then
        perform tegoed.cancel_action(p_action, 'nothing_left');
        return 'cancelled';
    elsif v_natural and v_notice.id is null then
        perform tegoed.cancel_action(p_action, 'law');
        return 'cancelled';
    end if;
    v_fee := case when v_notice.id is not null then tegoed.earned_fee(v_notice.id) else tegoed.wik_fee(v_principal) end;
    if v_fee > 0 then
        insert into tegoed.open_item (company_id, customer_id, kind, document_number, invoice_date, due_date, currency,
            original_amount, description, planning_from, parent_action_id, charged_notice_id)
        values (v_action.company_id, v_action.customer_id, 'cost', 'K' || p_action, v_on, v_on, v_action.currency,
            v_fee + case when v_company.charge_vat then round(v_fee * 0.21, 2) else 0 end,
            'Incassokosten', v_on, p_action, v_notice.id);
    end if;
    update tegoed.notice set state = case when v_fee > 0 then 'charged' else 'paid' end where id = v_notice.id;
    update tegoed.action set state = 'done', ended_at = now(), amount = v_fee where id = p_action;
    perform tegoed.take_steps(p_action, v_on, now());
    perform tegoed.note_event(v_action.company_id, v_action.customer_id, 'charge.posted',
        jsonb_build_object('fee', v_fee, 'principal', v_principal, 'notice', v_notice.id), p_action);
    return 'posted';
end
$$;
