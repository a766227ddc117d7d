-- Who may do what. Row security on every table (not forced: the owner's functions bypass it), reads for
-- the group roles, direct writes only to what people edit, everything else by definer functions.

do $$
declare
    v_table text;
    v_has_customer boolean;
    v_has_item boolean;
    v_has_company boolean;
    v_rule text;
begin
    revoke all on schema tegoed from public;
    grant usage on schema tegoed to {{collector}}, {{sales}}, {{administrator}}, {{auditor}}, {{worker}};
    revoke all on all tables in schema tegoed from public;
    revoke all on all sequences in schema tegoed from public;
    for v_table in select tablename from pg_catalog.pg_tables where schemaname = 'tegoed' loop
        execute format('revoke all on tegoed.%I from {{collector}}, {{approver}}, {{manager}}, {{sales}}, {{administrator}}, {{auditor}}, {{worker}}, {{portal}}', v_table);
        continue when v_table in ('import_line', 'alembic_version', 'applied_sql');
        execute format('alter table tegoed.%I enable row level security', v_table);
        select coalesce(bool_or(attname = 'customer_id'), false), coalesce(bool_or(attname = 'open_item_id'), false),
               coalesce(bool_or(attname = 'company_id'), false)
        into v_has_customer, v_has_item, v_has_company
        from pg_catalog.pg_attribute where attrelid = format('tegoed.%I', v_table)::regclass and attnum > 0 and not attisdropped;
        v_rule := case
            when v_table = 'company' then 'id = any ((select tegoed.my_companies())::int[])'
            -- colleagues: who shares a company with the reader (membership has its own policy)
            when v_table = 'app_user' then 'id = (select tegoed.my_user_id()) or id in (select m.user_id from tegoed.membership m)
                or (select tegoed.has_role(''administrator''))'
            -- what belongs to no company (people, sending paused) is for who watches over all
            when v_table = 'audit_log' then '(company_id = any ((select tegoed.my_companies())::int[])
                or company_id is null and (select tegoed.has_role(''administrator'', ''auditor'')))'
            when v_table in ('database_state', 'station') then 'true'
            when v_table = 'membership' then 'user_id = (select tegoed.my_user_id()) or company_id = any ((select tegoed.my_companies())::int[])'
            else 'company_id = any ((select tegoed.my_companies())::int[])' end;
        if v_table = 'customer' then
            v_rule := v_rule || ' and ((select tegoed.sees_all()) or salesperson_id = (select tegoed.my_user_id()))';
        elsif v_has_customer then
            v_rule := v_rule || ' and ((select tegoed.sees_all()) or customer_id in (select c.id from tegoed.customer c))';
        elsif v_has_item then
            v_rule := v_rule || ' and ((select tegoed.sees_all()) or open_item_id in (select i.id from tegoed.open_item i))';
        elsif v_table in ('audit_log', 'document', 'document_chunk', 'approval', 'import_run', 'source_connection') then
            v_rule := v_rule || ' and (select tegoed.sees_all())';
        end if;
        execute format('create policy reads on tegoed.%I for select using (%s)', v_table, v_rule);
        execute format('grant select on tegoed.%I to {{collector}}, {{sales}}, {{administrator}}, {{auditor}}, {{worker}}', v_table);
    end loop;
end
$$;
revoke select on tegoed.audit_log from {{sales}}, {{worker}};
grant select on tegoed.alembic_version, tegoed.applied_sql to {{collector}}, {{sales}}, {{administrator}}, {{auditor}}, {{worker}};

-- What people edit directly; each with a policy for its company and the audit trigger behind it.
do $$
declare
    v_row record;
begin
    for v_row in
        select * from (values
            ('company', 'administrator', 'update'), ('company', 'manager', 'update'),
            ('customer_group', 'manager', 'insert'), ('customer_group', 'manager', 'update'), ('customer_group', 'manager', 'delete'),
            ('payment_profile', 'manager', 'insert'), ('payment_profile', 'manager', 'update'), ('payment_profile', 'manager', 'delete'),
            ('group_profile_workflow', 'manager', 'insert'), ('group_profile_workflow', 'manager', 'update'), ('group_profile_workflow', 'manager', 'delete'),
            ('workflow', 'manager', 'insert'), ('workflow', 'manager', 'update'),
            ('workflow_version', 'manager', 'insert'),
            ('workflow_step', 'manager', 'insert'), ('workflow_step', 'manager', 'update'), ('workflow_step', 'manager', 'delete'),
            ('customer', 'collector', 'update'),
            ('outcome', 'manager', 'insert'), ('outcome', 'manager', 'update'),
            ('print_queue', 'administrator', 'insert'), ('print_queue', 'administrator', 'update'),
            ('presence', 'collector', 'insert'), ('presence', 'collector', 'update'), ('presence', 'collector', 'delete')
        ) t(name, role, verb)
    loop
        -- one policy a table and verb; the grant says which role has the verb
        if not exists (select from pg_catalog.pg_policies where schemaname = 'tegoed' and tablename = v_row.name
                       and policyname = v_row.verb || 's') then
            execute format('create policy %I on tegoed.%I for %s %s', v_row.verb || 's', v_row.name, v_row.verb,
                (select case v_row.verb when 'insert' then format('with check (%s)', rule) when 'delete' then format('using (%s)', rule)
                        else format('using (%s) with check (%s)', rule, rule) end
                 from (select case when v_row.name = 'company' then 'id = any ((select tegoed.my_companies())::int[])'
                              when v_row.name = 'workflow_step' then 'company_id = any ((select tegoed.my_companies())::int[]) and exists (
                                  select from tegoed.workflow_version v where v.id = version_id and v.state = ''draft'' and v.company_id = workflow_step.company_id)'
                              when v_row.name = 'workflow_version' then 'company_id = any ((select tegoed.my_companies())::int[]) and state = ''draft''
                                  and exists (select from tegoed.workflow w where w.id = workflow_id and w.company_id = workflow_version.company_id)'
                              when v_row.name = 'presence' then 'company_id = any ((select tegoed.my_companies())::int[]) and user_id = (select tegoed.my_user_id())'
                              else 'company_id = any ((select tegoed.my_companies())::int[])' end as rule) r));
        end if;
        if v_row.verb <> 'update' then
            execute format('grant %s on tegoed.%I to %I', v_row.verb, v_row.name, '{{prefix}}' || v_row.role);
        end if;
    end loop;
end
$$;
grant update (name, timezone, language, currency, country, trade_line, street, postcode, city, phone, phone_hours, email, website,
    kvk, vat_number, iban, bic, account_name, signer_name, signer_function, signer_phone, accent, logo, letter_window, tone,
    reference_kind, recall_minutes, freshness_days, bytes_valid_days, max_contacts_per_day, minimum_amount, four_eyes, charge_vat,
    claim_interest, days_off, version) on tegoed.company to {{administrator}};
grant update (default_workflow_id, minimum_amount, tone, recall_minutes, version) on tegoed.company to {{manager}};
grant update (name, workflow_id, collector_id, version) on tegoed.customer_group to {{manager}};
grant update (name, workflow_id, tone, version) on tegoed.payment_profile to {{manager}};
grant update (workflow_id) on tegoed.group_profile_workflow to {{manager}};
grant update (name) on tegoed.workflow to {{manager}};
grant update on tegoed.workflow_step to {{manager}};
grant update (name_nl, name_en, position, hold_cause, hold_days, hold_stops, follow_up_kind, follow_up_days) on tegoed.outcome to {{manager}};
grant update (name) on tegoed.print_queue to {{administrator}};
grant update (kind, expires_at) on tegoed.presence to {{collector}};
grant update (kind, kind_source, contact_name, contact_gender, email, email_state, phone, phone_state, address_state, language, tone,
    group_id, profile_id, workflow_id, collector_id, version) on tegoed.customer to {{collector}};

-- What a client writes itself may not reach across companies: row security looks at the row's own company,
-- and a foreign key does not look at row security. Missing and foreign are the same answer, so that nobody
-- can count another company's rows. Definer functions run as the owner and are let through: they filter.
-- Arguments: the column that names the row's company, then pairs of column and table it points to.
create function tegoed.same_company() returns trigger
language plpgsql security definer set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_row jsonb := to_jsonb(new);
    v_company int := (v_row ->> tg_argv[0])::int;
    v_there boolean;
begin
    if v_company <> all (tegoed.my_companies()) then
        return new; -- the policy of the table refuses it, whatever it points to
    end if;
    for i in 1 .. tg_nargs - 1 by 2 loop
        continue when v_row ->> tg_argv[i] is null
            or tg_op = 'UPDATE' and v_row -> tg_argv[i] = to_jsonb(old) -> tg_argv[i];
        execute format('select exists (select from tegoed.%I where id = $1 and company_id = $2)', tg_argv[i + 1])
        into v_there using (v_row ->> tg_argv[i])::bigint, v_company;
        if not v_there then
            perform tegoed.fail('TG005', format('There is no such %s in this company.', replace(tg_argv[i + 1], '_', ' ')),
                jsonb_build_object('code', 'reference.unknown', 'field', tg_argv[i]));
        end if;
    end loop;
    return new;
end
$$;

do $$
declare
    v_row record;
begin
    for v_row in
        select f.conrelid::regclass::text as name, case f.conrelid when 'tegoed.company'::regclass then 'id' else 'company_id' end as own,
               string_agg(format('%L, %L', a.attname, r.relname), ', ' order by a.attname) as pairs
        from pg_catalog.pg_constraint f
        join pg_catalog.pg_class r on r.oid = f.confrelid
        join pg_catalog.pg_attribute a on a.attrelid = f.conrelid and a.attnum = f.conkey[1]
        where f.contype = 'f' and f.connamespace = 'tegoed'::regnamespace and cardinality(f.conkey) = 1
          and exists (select from pg_catalog.pg_attribute c where c.attrelid = f.confrelid and c.attname = 'company_id')
          and exists (
              select from unnest(array['collector', 'approver', 'manager', 'sales', 'administrator', 'auditor', 'worker', 'portal']) g
              where has_any_column_privilege('{{prefix}}' || g, f.conrelid, 'INSERT')
                 or has_any_column_privilege('{{prefix}}' || g, f.conrelid, 'UPDATE'))
        group by f.conrelid
    loop
        execute format('create trigger same_company before insert or update on %s for each row
            when (current_user <> %L) execute function tegoed.same_company(%L, %s)', v_row.name, '{{prefix}}owner', v_row.own, v_row.pairs);
    end loop;
end
$$;

-- Only a draft can be edited. The policy sees the version as it was when the transaction began; this
-- trigger waits for whoever is publishing it, and looks again.
create function tegoed.still_draft() returns trigger
language plpgsql security definer set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_versions int[] := array[case when tg_op <> 'DELETE' then new.version_id end, case when tg_op <> 'INSERT' then old.version_id end];
begin
    perform from tegoed.workflow_version v
    where v.id = any (v_versions) and v.company_id = any (tegoed.my_companies()) for share;
    if exists (select from tegoed.workflow_version v
               where v.id = any (v_versions) and v.company_id = any (tegoed.my_companies()) and v.state <> 'draft') then
        perform tegoed.fail('TG003', 'The steps of a published version are fixed.', jsonb_build_object('code', 'workflow.state',
            'remedy', 'Make a new version and change that.'));
    end if;
    return coalesce(new, old);
end
$$;
create trigger still_draft before insert or update or delete on tegoed.workflow_step for each row
    when (current_user <> '{{prefix}}owner') execute function tegoed.still_draft();

-- A presence lives 45 seconds from its last heartbeat by the clock of the database, whatever its client says,
-- so that nobody can keep a dossier from the others.
create function tegoed.short_presence() returns trigger
language plpgsql set search_path = pg_catalog, tegoed, pg_temp as $$
begin
    new.expires_at := least(new.expires_at, clock_timestamp() + interval '45 seconds');
    return new;
end
$$;
create trigger short_presence before insert or update on tegoed.presence
    for each row execute function tegoed.short_presence();

-- The landing table of imports: columns by COPY, nothing else, for nobody.
grant insert (run_id, line_no, place, error_code, error, customer_number, customer_name, customer_kind, kvk, vat_number, iban,
    email, phone, contact_name, contact_gender, street, postcode, city, country, language, group_code, profile_code, collector,
    salesperson, payment_term, document_type, document_number, document_year, source_id, your_reference, description, invoice_date,
    due_date, due_estimated, currency, original_amount, open_amount, paid_on, reminder_level, reminder_date, item_hash, customer_hash)
    on tegoed.import_line to {{collector}}, {{administrator}}, {{worker}};

-- Functions: who may call them. Whatever is not named here is internal to the owner's functions.
revoke all on all functions in schema tegoed from public;
grant execute on function tegoed.my_companies(), tegoed.has_role(text[]), tegoed.sees_all(), tegoed.my_user_id(),
    tegoed.today_of(int, timestamptz), tegoed.sending_paused() to {{collector}}, {{sales}}, {{administrator}}, {{auditor}}, {{worker}};
grant execute on function tegoed.active_hold(date), tegoed.stop_mask(text[]), tegoed.kind_mask(text),
    tegoed.customer_workflow(int[], bigint[]), tegoed.item_step(int[], date, bigint[]),
    tegoed.why_items(bigint, date, bigint), tegoed.step_schedule(int[], date, bigint[]), tegoed.schedule_of(int[], date, bigint[]),
    tegoed.schedule_of_many(int[], date, bigint[]), tegoed.add_days(int, date, int, text), tegoed.next_working(int, date),
    tegoed.following_working(int, date), tegoed.presumed_delivery(int, date),
    tegoed.notice_last_day(int, date), tegoed.stage_rank(text), tegoed.ageing_bucket(date, date)
    to {{collector}}, {{sales}}, {{administrator}}, {{auditor}}, {{worker}};
grant execute on function tegoed.place_hold(bigint, bigint[], numeric, text[], text, date, date, text), tegoed.release_hold(bigint),
    tegoed.recall_action(bigint, text, date), tegoed.undo_skip(bigint), tegoed.send_now(bigint), tegoed.answer_delivery(bigint, text),
    tegoed.posting_doubts(bigint[]), tegoed.confirm_posted(bigint[], date), tegoed.not_posted(bigint),
    tegoed.write_by_hand(bigint, text, text, bigint[], text, text, boolean), tegoed.record_call(bigint, text, text, date)
    to {{collector}};
grant execute on function tegoed.approve_action(bigint, text), tegoed.return_action(bigint, text), tegoed.withdraw_approval(bigint),
    tegoed.rendered_sha(bigint) to {{approver}};
grant execute on function tegoed.plan_company(int, date, boolean), tegoed.set_calendar(int, date[], date, date),
    tegoed.post_charge(bigint, timestamptz) to {{worker}}, {{manager}}, {{administrator}};
grant execute on function tegoed.claim_renders(int[], int, interval, timestamptz),
    tegoed.store_rendering(bigint, uuid, jsonb, text, bigint[], text[], text[], bytea[], timestamptz),
    tegoed.claim_deliveries(uuid, int[], text[], int[], int, interval, timestamptz), tegoed.renew_lease(bigint[], uuid[], interval),
    tegoed.begin_act(bigint, uuid, text, timestamptz), tegoed.record_outcome(bigint, uuid, text, text),
    tegoed.refuse_rendering(bigint, uuid, text), tegoed.tend_deliveries(timestamptz), tegoed.register_station(uuid, text, bigint) to {{worker}};
grant execute on function tegoed.pause_sending(text) to {{worker}}, {{administrator}};
grant execute on function tegoed.resume_sending(), tegoed.create_company(text, text) to {{administrator}};
grant execute on function tegoed.publish_workflow(int), tegoed.go_live(int, jsonb, date) to {{manager}};
grant execute on function tegoed.open_import(int, text, text, text, text, date, jsonb, date, date), tegoed.preview_import(bigint, jsonb, text, boolean),
    tegoed.import_report(bigint, int), tegoed.apply_import(bigint, text[], date), tegoed.fail_import(bigint, boolean)
    to {{collector}}, {{administrator}}, {{worker}};
grant execute on function tegoed.renumber_customers(bigint, jsonb) to {{manager}}, {{administrator}};
