-- What `why` reads for one customer: the schedule with the words of its rules. A definer function, because
-- row security on each of the forty tables in the schedule costs more than the answer; it looks itself whether
-- the customer may be seen.
create function tegoed.why_items(p_customer bigint, p_on date, p_item bigint default null)
returns table (
    open_item_id bigint, document_number text, item_kind text, currency text, outstanding numeric, unheld numeric,
    due_date date, stage_done text, last_step_on date, kind text, stage text, own_on date, verdict text, reason text,
    held_until date, communication_on date, at_earliest date, live_action_id bigint, workflow text, workflow_from text,
    rule text
)
language plpgsql stable security definer set search_path = pg_catalog, tegoed, pg_temp
set plan_cache_mode = force_generic_plan as $$
declare
    v_company int;
begin
    select cu.company_id into v_company from tegoed.customer cu
    where cu.id = p_customer and cu.company_id = any (tegoed.my_companies())
      and (tegoed.sees_all() or cu.salesperson_id = tegoed.my_user_id());
    if not found then
        return;
    end if;
    return query
    select s.open_item_id, oi.document_number, oi.kind, oi.currency, oi.outstanding, s.unheld, oi.due_date,
           (select d.stage from tegoed.step_done d where d.open_item_id = oi.id and d.undone_at is null
              and d.stage is not null order by d.rank desc, d.id desc limit 1),
           oi.last_step_on, s.kind, s.stage, s.own_on, s.verdict, s.reason, s.held_until,
           s.communication_on, s.at_earliest, s.live_action_id, w.name, s.workflow_from,
           case when st.position is not null then format('%s %s days after %s', st.days, st.day_kind, st.after) end
    from tegoed.schedule_of(array[v_company], p_on, array[p_customer]) s
    join tegoed.open_item oi on oi.id = s.open_item_id
    left join tegoed.workflow_version v on v.id = s.version_id
    left join tegoed.workflow w on w.id = v.workflow_id
    left join tegoed.workflow_step st on st.version_id = s.version_id and st.position = s.position
    where p_item is null or s.open_item_id = p_item
    order by oi.due_date, oi.id;
end
$$;
