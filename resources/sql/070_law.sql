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

-- What was noticed in the six months before a day (by the notices before one of them, when given): the
-- principals that are unpaid or charged, each item once, and the fees claimed over them. An item that waits
-- in a further 14-day letter is that letter's to count.
create function tegoed.noticed_before(p_customer bigint, p_currency text, p_on date, p_before bigint default null,
    out principal numeric, out claimed numeric)
language sql stable set search_path = pg_catalog, tegoed, pg_temp as $$
    with earlier as (
        select n.* from tegoed.notice n
        where n.customer_id = p_customer and n.currency = p_currency and n.state in ('pending', 'running', 'charged')
          and n.sent_on > p_on - interval '6 months' and (p_before is null or n.id < p_before)
    )
    select coalesce((select sum(each.principal) from (
               select max(case when e.state = 'charged' then ni.principal
                               else least(ni.principal, greatest(oi.outstanding, 0)) end) as principal
               from earlier e
               join tegoed.notice_item ni on ni.notice_id = e.id
               join tegoed.open_item oi on oi.id = ni.open_item_id
               where not exists (
                   select from tegoed.action_item ai join tegoed.action a on a.id = ai.action_id
                   where ai.open_item_id = ni.open_item_id and ai.live_step and ai.role = 'demand'
                     and a.stage = 'notice14' and p_before is null)
               group by ni.open_item_id) each), 0),
           coalesce((select sum(e.fee) from earlier e), 0)
$$;

-- What a 14-day letter may claim for these items: the fee over all principals noticed in six months, less
-- the fees already claimed, never below nothing.
create function tegoed.notice_claim(p_company int, p_customer bigint, p_currency text, p_on date, p_principal numeric)
returns jsonb language sql stable set search_path = pg_catalog, tegoed, pg_temp as $$
    -- as text: a number would lose its trailing zeros on the way through the worker and look changed
    select jsonb_build_object('principal', p_principal::text, 'fee', f.fee::text,
        'vat', (case when c.charge_vat then round(f.fee * 0.21, 2) else 0.00 end)::text)
    from tegoed.company c
    cross join tegoed.noticed_before(p_customer, p_currency, p_on) earlier
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

-- A notice that never arrived: its step is undone (unless another delivery of it left), what it charged is
-- taken back, also when it was paid by now, and a charge that waits for it is cancelled.
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
    perform tegoed.cancel_action(a.id, 'notice_void') from tegoed.action a
    where a.kind = 'charge' and a.customer_id = v_notice.customer_id
      and a.state in ('planned', 'awaiting_approval', 'approved')
      and exists (select from tegoed.action_item ai join tegoed.open_item oi on oi.id = ai.open_item_id
                  where ai.action_id = a.id and oi.notice_id = p_notice);
    -- an earlier notice of the same item stands as before
    update tegoed.open_item oi set notice_id = (
        select max(n.id) from tegoed.notice_item ni join tegoed.notice n on n.id = ni.notice_id
        where ni.open_item_id = oi.id and n.state <> 'void')
    where oi.notice_id = p_notice;
    insert into tegoed.movement (company_id, open_item_id, kind, amount, value_date, reason)
    select oi.company_id, oi.id, 'correction', -x.charged, tegoed.today_of(oi.company_id), 'notice void'
    from tegoed.open_item oi
    cross join lateral (
        select oi.original_amount + coalesce(sum(m.amount), 0) as charged from tegoed.movement m
        where m.open_item_id = oi.id and m.kind in ('correction', 'write_off')
    ) x
    where oi.charged_notice_id = p_notice and x.charged > 0;
    if not exists (select from tegoed.delivery d where d.action_id = v_notice.action_id and d.state = 'done'
                   and d.id <> v_notice.delivery_id) then
        perform tegoed.undo_steps(v_notice.action_id);
    end if;
    perform tegoed.note_event(v_notice.company_id, v_notice.customer_id, 'notice.void',
        jsonb_build_object('notice', p_notice, 'reason', p_reason), v_notice.action_id);
end
$$;

-- The fee a notice earned: over what was still unpaid of its principals after its last day, credits that
-- lowered its base taken off again, and never more than it claimed. For the items of `p_action` alone, when
-- given, at most the amount that action has for each.
create function tegoed.earned_fee(p_notice bigint, p_action bigint default null) returns numeric
language sql stable set search_path = pg_catalog, tegoed, pg_temp as $$
    select case when unpaid.principal <= 0 then 0
                when unpaid.principal >= n.principal then n.fee
                else least(n.fee, greatest(tegoed.wik_fee(earlier.principal + unpaid.principal) - earlier.claimed, 0)) end
    from tegoed.notice n
    cross join lateral (
        select coalesce(sum(ni.principal), 0) - n.principal as set_off,
               coalesce(sum(case when p_action is null or ai.open_item_id is not null then
                   greatest(least(ni.principal, ai.amount, oi.original_amount + coalesce((
                       select sum(m.amount) from tegoed.movement m
                       where m.open_item_id = ni.open_item_id and m.value_date <= n.last_day), 0)), 0) end), 0) as principal
        from tegoed.notice_item ni
        join tegoed.open_item oi on oi.id = ni.open_item_id
        left join tegoed.action_item ai on ai.action_id = p_action and ai.open_item_id = ni.open_item_id
        where ni.notice_id = n.id
    ) noticed
    cross join lateral (
        -- a credit that the source has meanwhile booked against an item is in its payments already
        select noticed.principal - least(noticed.set_off, coalesce((
            select -sum(cr.outstanding) from tegoed.open_item cr
            where cr.customer_id = n.customer_id and cr.currency = n.currency and cr.outstanding < 0), 0)) as principal
    ) unpaid
    cross join lateral tegoed.noticed_before(n.customer_id, n.currency, n.sent_on, n.id) earlier
    where n.id = p_notice
$$;

-- Payments with a value date inside a term that became known after the charge lower or undo it; when the
-- costs were paid by then, what was too much is a credit.
create function tegoed.correct_charges(p_items bigint[]) returns void
language plpgsql set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_row record;
begin
    for v_row in
        select oi.id, oi.company_id, oi.customer_id, oi.original_amount,
               n.id as notice_id, tegoed.earned_fee(n.id, oi.parent_action_id) as fee, c.charge_vat
        from tegoed.notice n
        join tegoed.open_item oi on oi.charged_notice_id = n.id
        join tegoed.company c on c.id = n.company_id
        where n.state = 'charged'
          and n.id in (select ni.notice_id from tegoed.notice_item ni where ni.open_item_id = any (p_items))
    loop
        v_row.fee := v_row.fee + case when v_row.charge_vat then round(v_row.fee * 0.21, 2) else 0 end;
        if v_row.fee < v_row.original_amount then
            insert into tegoed.movement (company_id, open_item_id, kind, amount, value_date, reason)
            select v_row.company_id, v_row.id, 'correction', -x.rest,
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
    v_notices bigint[];
    v_principal numeric;
    v_fee numeric;
begin
    perform tegoed.require_role('worker', 'manager');
    select * into v_action from tegoed.action where id = p_action and company_id = any (tegoed.my_companies());
    perform 1 from tegoed.customer where id = v_action.customer_id for update;
    select * into v_action from tegoed.action
    where id = p_action and kind = 'charge' and company_id = any (tegoed.my_companies()) for update;
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
    update tegoed.action_item ai set amount = s.unheld
    from tegoed.item_step(array[v_action.company_id], v_on, array[v_action.customer_id]) s
    where ai.action_id = p_action and s.open_item_id = ai.open_item_id and ai.amount > s.unheld;
    select array_agg(distinct n.id), coalesce(sum(ai.amount), 0) into v_notices, v_principal
    from tegoed.action_item ai join tegoed.open_item oi on oi.id = ai.open_item_id
    left join tegoed.notice n on n.id = oi.notice_id and n.state = 'running'
    where ai.action_id = p_action and (n.id is not null or not v_natural);
    v_notices := array_remove(v_notices, null);
    if v_principal <= 0 then
        perform tegoed.cancel_action(p_action, case when exists (
            select from tegoed.action_item ai where ai.action_id = p_action) then 'law' else 'nothing_left' end);
        return 'cancelled';
    end if;
    -- one cost item a notice; without any (business) one over the principal
    with charged as (
        select n.id as notice_id, tegoed.earned_fee(n.id, p_action) as fee
        from tegoed.notice n where n.id = any (v_notices)
        union all
        select null, tegoed.wik_fee(v_principal) where v_notices = '{}'
    ), posted as (
        insert into tegoed.open_item (company_id, customer_id, kind, document_number, invoice_date, due_date, currency,
            original_amount, description, planning_from, parent_action_id, charged_notice_id)
        select v_action.company_id, v_action.customer_id, 'cost',
            'K' || p_action || case when row_number() over w > 1 then '-' || row_number() over w else '' end, v_on, v_on,
            v_action.currency, c.fee + case when v_company.charge_vat then round(c.fee * 0.21, 2) else 0 end,
            'Incassokosten', v_on, p_action, c.notice_id
        from charged c where c.fee > 0 window w as (order by c.notice_id)
        returning charged_notice_id
    ), told as (
        update tegoed.notice n set state = case when exists (
            select from posted p where p.charged_notice_id = n.id) then 'charged' else 'paid' end
        where n.id = any (v_notices)
    )
    select sum(c.fee) into v_fee from charged c;
    update tegoed.action set state = 'done', ended_at = now(), amount = v_fee where id = p_action;
    perform tegoed.take_steps(p_action, v_on, now());
    perform tegoed.note_event(v_action.company_id, v_action.customer_id, 'charge.posted',
        jsonb_build_object('fee', v_fee, 'principal', v_principal, 'notices', v_notices), p_action);
    return 'posted';
end
$$;
