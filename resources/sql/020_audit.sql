-- The audit log: one row trigger for all tables that people edit. The engine's own tables (action,
-- action_item, delivery, step_done, movement, event, document) carry none: their events are the audit.

create function tegoed.write_audit() returns trigger
language plpgsql security definer set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_new jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
    v_old jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
    v_row jsonb := coalesce(v_new, v_old);
    v_changed jsonb;
begin
    select coalesce(jsonb_object_agg(k, jsonb_build_array(
               case when k = 'logo' then null else v_old -> k end,
               case when k = 'logo' then null else v_new -> k end)), '{}')
    into v_changed
    from jsonb_object_keys(v_row) k
    where (v_old -> k) is distinct from (v_new -> k) and k <> 'version';
    insert into tegoed.audit_log (actor, station, company_id, table_name, row_key, operation, changed, reason)
    values (session_user, nullif(current_setting('tegoed.station', true), ''),
            case when tg_table_name = 'company' then (v_row ->> 'id')::int else (v_row ->> 'company_id')::int end,
            tg_table_name,
            coalesce(v_row ->> 'id', v_row ->> 'code', v_row ->> 'user_id', v_row ->> 'group_id',
                     v_row ->> 'version_id', '1'),
            lower(tg_op), v_changed, nullif(current_setting('tegoed.reason', true), ''));
    return null;
end
$$;

create function tegoed.refuse_change() returns trigger
language plpgsql set search_path = pg_catalog, tegoed, pg_temp as $$
begin
    perform tegoed.fail('TG004', format('%s is append-only.', tg_table_name),
        jsonb_build_object('code', 'append_only'));
    return null;
end
$$;

create trigger refuse_change before update or delete on tegoed.audit_log
    for each row execute function tegoed.refuse_change();
create trigger refuse_truncate before truncate on tegoed.audit_log
    for each statement execute function tegoed.refuse_change();
create trigger refuse_change before update or delete on tegoed.event
    for each row execute function tegoed.refuse_change();
create trigger refuse_truncate before truncate on tegoed.event
    for each statement execute function tegoed.refuse_change();
create trigger refuse_change before update or delete on tegoed.movement
    for each row execute function tegoed.refuse_change();
create trigger refuse_truncate before truncate on tegoed.movement
    for each statement execute function tegoed.refuse_change();
create trigger refuse_change before update or delete on tegoed.approval
    for each row execute function tegoed.refuse_change();
create trigger refuse_truncate before truncate on tegoed.approval
    for each statement execute function tegoed.refuse_change();

do $$
declare
    v_table text;
begin
    foreach v_table in array array['company', 'customer_group', 'payment_profile', 'group_profile_workflow',
        'workflow', 'workflow_version', 'workflow_step', 'app_user', 'membership', 'hold', 'outcome',
        'source_connection', 'print_queue', 'database_state', 'notice']
    loop
        execute format('create trigger audit after insert or delete on tegoed.%I
            for each row execute function tegoed.write_audit()', v_table);
        execute format('create trigger audit_update after update on tegoed.%I
            for each row when (old.* is distinct from new.*) execute function tegoed.write_audit()', v_table);
    end loop;
end
$$;

-- A customer arrives by import in thousands; its import run is the record of that. Changes are audited.
create trigger audit_update after update on tegoed.customer
    for each row when (old.* is distinct from new.*) execute function tegoed.write_audit();
