-- Imports: a run is opened, lines arrive by COPY in import_line, the difference is shown, and applied whole.
-- Only definer functions read import_line, each for the caller's own run. No temporary tables.

create function tegoed.open_import(p_company int, p_connection text, p_format text, p_completeness text, p_file_name text,
    p_data_as_of date, p_mapping jsonb default null, p_period_from date default null, p_period_until date default null)
returns bigint language plpgsql security definer set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_connection int;
    v_run bigint;
begin
    perform tegoed.require_role('collector', 'administrator', 'worker');
    perform tegoed.require_company(p_company);
    if p_completeness not in ('complete', 'additions') then
        perform tegoed.fail('TG001', 'Say whether the file is complete or only additions.', jsonb_build_object(
            'field', 'completeness', 'remedy', 'Use --complete or --additions.'));
    end if;
    insert into tegoed.source_connection (company_id, name, format, mapping)
    values (p_company, p_connection, p_format, p_mapping)
    on conflict (company_id, name) do update set mapping = coalesce(excluded.mapping, source_connection.mapping)
    returning id into v_connection;
    insert into tegoed.import_run (company_id, connection_id, file_name, completeness, data_as_of, period_from, period_until)
    values (p_company, v_connection, p_file_name, p_completeness, p_data_as_of, p_period_from, p_period_until)
    returning id into v_run;
    return v_run;
end
$$;

create function tegoed.my_run(p_run bigint) returns tegoed.import_run
language plpgsql set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_run tegoed.import_run;
begin
    select * into v_run from tegoed.import_run
    where id = p_run and started_by = session_user and company_id = any (tegoed.my_companies()) for update;
    if not found or v_run.state not in ('open', 'previewed') then
        perform tegoed.fail('TG005', 'There is no such open import of yours.', jsonb_build_object('code', 'import.unknown'));
    end if;
    return v_run;
end
$$;

create function tegoed.line_key(l tegoed.import_line) returns text
language sql immutable parallel safe as $$
    select coalesce('id ' || l.source_id, l.document_type || ' ' || l.document_number || ' ' || coalesce(l.document_year::text, ''))
$$;

-- Compares a run with what is known and keeps the counts: new, changed, closed, reopened, unchanged and
-- rejected; and whether it looks like another file (moved items, renamed customers, too much vanishing).
create function tegoed.preview_import(p_run bigint, p_control jsonb default null, p_sha256 text default '',
    p_covers_earlier boolean default false) returns jsonb
language plpgsql security definer set search_path = pg_catalog, tegoed, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
    v_run tegoed.import_run := tegoed.my_run(p_run);
    v_counts jsonb;
    v_keyless int;
    v_closing record;
    v_moved record;
    v_renamed record;
    v_blocks jsonb := '[]';
begin
    perform tegoed.require_role('collector', 'administrator', 'worker');
    analyze tegoed.import_line;
    if p_covers_earlier then
        -- everything open from before the period stands in the file too, so what is missing is settled
        update tegoed.import_run set period_from = null where id = p_run returning * into v_run;
    end if;
    -- the same document twice in one file: neither is taken
    update tegoed.import_line l set error_code = 'duplicate',
        error = format('%s: document %s stands more than once in this file.', l.place, l.document_number)
    from (select tegoed.line_key(d) as key from tegoed.import_line d
          where d.run_id = p_run and d.uploaded_by = session_user and d.error_code is null
          group by 1 having count(*) > 1) twice
    where l.run_id = p_run and l.uploaded_by = session_user and l.error_code is null and tegoed.line_key(l) = twice.key;
    select jsonb_build_object(
        'lines', count(*), 'rejected', count(*) filter (where l.error_code is not null),
        'new', count(*) filter (where l.error_code is null and oi.id is null),
        'changed', count(*) filter (where l.error_code is null and oi.id is not null
            and (oi.source_hash is distinct from l.item_hash or oi.customer_id is distinct from cu.id or oi.not_in_source_since is not null)),
        'unchanged', count(*) filter (where l.error_code is null and oi.id is not null
            and oi.source_hash = l.item_hash and oi.customer_id = cu.id and oi.not_in_source_since is null),
        'reopened', count(*) filter (where l.error_code is null and oi.not_in_source_since is not null and l.open_amount <> 0),
        'estimated', count(*) filter (where l.error_code is null and l.due_estimated))
    into v_counts
    from tegoed.import_line l
    left join tegoed.open_item oi on oi.connection_id = v_run.connection_id and oi.source_key = tegoed.line_key(l)
    left join tegoed.customer cu on cu.connection_id = v_run.connection_id and cu.number = l.customer_number
    where l.run_id = p_run and l.uploaded_by = session_user;
    select count(*) into v_keyless from tegoed.import_line l
    where l.run_id = p_run and l.uploaded_by = session_user and l.error_code is not null and tegoed.line_key(l) is null;
    select count(*) filter (where gone) as items, coalesce(sum(outstanding) filter (where gone), 0) as amount,
           count(*) as all_items, coalesce(sum(outstanding), 0) as all_amount
    into v_closing
    from (select greatest(oi.outstanding, 0) as outstanding, v_run.completeness = 'complete' and tegoed.is_gone(oi, v_run) as gone
          from tegoed.open_item oi
          where oi.company_id = v_run.company_id and oi.connection_id = v_run.connection_id and oi.outstanding <> 0) known;
    select count(*) filter (where cu.id is distinct from oi.customer_id) as n, count(*) as of into v_moved
    from tegoed.import_line l
    join tegoed.open_item oi on oi.connection_id = v_run.connection_id and oi.source_key = tegoed.line_key(l) and oi.outstanding <> 0
    left join tegoed.customer cu on cu.connection_id = v_run.connection_id and cu.number = l.customer_number
    where l.run_id = p_run and l.uploaded_by = session_user and l.error_code is null;
    select count(*) filter (where c.name <> l.customer_name and (
               c.kvk <> '' and l.kvk <> c.kvk or c.vat_number <> '' and l.vat_number <> c.vat_number
               or c.iban <> '' and l.iban <> c.iban or c.postcode <> '' and l.postcode <> c.postcode)) as n, count(*) as of
    into v_renamed
    from (select distinct on (customer_number) * from tegoed.import_line
          where run_id = p_run and uploaded_by = session_user and error_code is null order by customer_number, line_no) l
    join tegoed.customer c on c.connection_id = v_run.connection_id and c.number = l.customer_number;
    if v_closing.items > 0 and (v_keyless > 0 or v_closing.items > 0.2 * v_closing.all_items
                                or v_closing.amount > 0.2 * v_closing.all_amount) then
        v_blocks := v_blocks || jsonb_build_array(jsonb_build_object('code', 'closing', 'items', v_closing.items,
            'amount', v_closing.amount::text, 'of', v_closing.all_items, 'keyless', v_keyless));
    end if;
    if v_moved.n > 0.02 * v_moved.of and v_moved.n > 0 then
        v_blocks := v_blocks || jsonb_build_array(jsonb_build_object('code', 'moved', 'items', v_moved.n, 'of', v_moved.of,
            'renumbering', tegoed.renumbering_of(p_run)));
    elsif v_renamed.n > 0.02 * v_renamed.of and v_renamed.n > 0 then
        v_blocks := v_blocks || jsonb_build_array(jsonb_build_object('code', 'renamed', 'customers', v_renamed.n, 'of', v_renamed.of,
            'renumbering', tegoed.renumbering_of(p_run)));
    end if;
    v_counts := v_counts || jsonb_build_object('closed', v_closing.items, 'closed_amount', v_closing.amount::text,
        'moved', v_moved.n, 'renamed', v_renamed.n, 'keyless', v_keyless, 'blocks', v_blocks);
    update tegoed.import_run set state = 'previewed', counts = v_counts, control = p_control, sha256 = coalesce(p_sha256, '')
    where id = p_run;
    return v_counts;
end
$$;

-- An item that a complete file should have and has not. A key in a rejected line is not gone.
create function tegoed.is_gone(oi tegoed.open_item, p_run tegoed.import_run) returns boolean
language sql stable as $$
    select not exists (select from tegoed.import_line l where l.run_id = p_run.id and l.uploaded_by = session_user
                       and tegoed.line_key(l) = oi.source_key)
        and (p_run.period_from is null or oi.invoice_date >= p_run.period_from)
        and (p_run.period_until is null or oi.invoice_date is null or oi.invoice_date <= p_run.period_until)
$$;

-- Which old customer number seems to have become which new one: the same items stand under it now.
create function tegoed.renumbering_of(p_run bigint) returns jsonb
language sql stable set search_path = pg_catalog, tegoed, pg_temp as $$
    select coalesce(jsonb_object_agg(old_number, new_number), '{}') from (
        select o.number as old_number, mode() within group (order by l.customer_number) as new_number
        from tegoed.import_run r
        join tegoed.import_line l on l.run_id = r.id and l.uploaded_by = session_user and l.error_code is null
        join tegoed.open_item oi on oi.connection_id = r.connection_id and oi.source_key = tegoed.line_key(l)
        join tegoed.customer o on o.id = oi.customer_id
        where r.id = p_run and o.number <> l.customer_number
        group by 1 limit 5000
    ) moved
$$;

-- The rejected lines of a run, and samples of what would change.
create function tegoed.import_report(p_run bigint, p_limit int default 200)
returns table (kind text, place text, document_number text, customer_number text, what text)
language plpgsql stable security definer set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_run tegoed.import_run;
begin
    select * into v_run from tegoed.import_run where id = p_run and started_by = session_user
        and company_id = any (tegoed.my_companies());
    return query
    select 'rejected', l.place, l.document_number, l.customer_number, l.error from tegoed.import_line l
    where l.run_id = v_run.id and l.uploaded_by = session_user and l.error_code is not null order by l.line_no limit p_limit;
end
$$;

-- Gives customers their new numbers; everything that hangs on them stays.
create function tegoed.renumber_customers(p_run bigint, p_numbers jsonb) returns int
language plpgsql security definer set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_run tegoed.import_run := tegoed.my_run(p_run);
    v_done int;
begin
    perform tegoed.require_role('manager', 'administrator');
    if exists (select from jsonb_each_text(p_numbers) n join tegoed.customer c
               on c.connection_id = v_run.connection_id and c.number = n.value
               where not p_numbers ? n.value) then
        perform tegoed.fail('TG003', 'A new number is already somebody else''s.', jsonb_build_object('code', 'renumber.taken'));
    end if;
    insert into tegoed.item_renumbering (company_id, customer_id, import_run_id, old_number, new_number)
    select c.company_id, c.id, p_run, n.key, n.value from jsonb_each_text(p_numbers) n
    join tegoed.customer c on c.connection_id = v_run.connection_id and c.number = n.key;
    get diagnostics v_done = row_count;
    -- in two steps, so that numbers can change places
    update tegoed.customer c set number = '>' || n.value from jsonb_each_text(p_numbers) n
    where c.connection_id = v_run.connection_id and c.number = n.key;
    update tegoed.customer set number = substr(number, 2) where connection_id = v_run.connection_id and left(number, 1) = '>';
    return v_done;
end
$$;

-- Applies a previewed run whole. p_confirm names the blocks a person has accepted (closing, moved, renamed).
create function tegoed.apply_import(p_run bigint, p_confirm text[] default '{}', p_on date default null) returns jsonb
language plpgsql security definer set search_path = pg_catalog, tegoed, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
    v_run tegoed.import_run := tegoed.my_run(p_run);
    v_on date := coalesce(p_on, tegoed.today_of(v_run.company_id));
    v_block jsonb;
    v_touched bigint[];
    v_customers bigint[];
    v_new int;
    v_moved bigint[];
begin
    perform tegoed.require_role('collector', 'administrator', 'worker');
    if v_run.state <> 'previewed' then
        perform tegoed.fail('TG002', 'Look at the differences first.', jsonb_build_object('code', 'import.not_previewed'));
    end if;
    perform tegoed.lock_company(v_run.company_id);
    for v_block in select * from jsonb_array_elements(v_run.counts -> 'blocks') loop
        if v_block ->> 'code' <> all (p_confirm) then
            perform tegoed.fail('TG002', case v_block ->> 'code'
                when 'closing' then format('%s of %s open items (%s) are not in this file; that is more than a file usually closes.',
                    v_block ->> 'items', v_block ->> 'of', v_block ->> 'amount')
                when 'moved' then format('%s of %s known items stand under another customer number.', v_block ->> 'items', v_block ->> 'of')
                else format('%s of %s known customers have another name and another registration.', v_block ->> 'customers', v_block ->> 'of') end,
                jsonb_build_object('code', 'import.' || (v_block ->> 'code'), 'values', v_block, 'remedy',
                    case v_block ->> 'code' when 'closing' then 'Check the file; if it is right, use --confirm-closing.'
                    else 'If customers were renumbered, use --renumber FILE; if they truly moved, --confirm-moved.' end));
        end if;
    end loop;
    perform tegoed.merge_customers(v_run);
    select m.touched, m.fresh, m.moved into v_touched, v_new, v_moved from tegoed.merge_items(v_run, v_on) m;
    if v_run.completeness = 'complete' then
        v_touched := v_touched || tegoed.close_missing(v_run, v_on);
    end if;
    perform tegoed.correct_charges(v_touched);
    update tegoed.company set data_as_of = greatest(data_as_of, v_run.data_as_of), import_failed_at = null where id = v_run.company_id;
    update tegoed.import_run set state = 'applied', finished_at = now() where id = p_run;
    delete from tegoed.import_line where run_id = p_run;
    select array_agg(distinct oi.customer_id) into v_customers from tegoed.open_item oi where oi.id = any (v_touched);
    perform tegoed.review_waiting(v_run.company_id, w.customer_id, 'import')
    from (select distinct a.customer_id from tegoed.action a
          where a.customer_id = any (v_customers) and a.state in ('planned', 'awaiting_approval', 'approved')) w;
    perform tegoed.settle_notices(v_run.company_id);
    perform tegoed.plan_customers(c.id, v_on, v_customers) from tegoed.company c
    where c.id = v_run.company_id and c.state <> 'off' and c.planned_for = v_on and v_customers is not null;
    perform tegoed.note_event(v_run.company_id, null, 'import.applied', v_run.counts || jsonb_build_object('run', p_run));
    perform tegoed.announce(v_run.company_id, 'ledger');
    return v_run.counts || jsonb_build_object('moved_items', coalesce(cardinality(v_moved), 0));
end
$$;

create function tegoed.merge_customers(p_run tegoed.import_run) returns void
language plpgsql set search_path = pg_catalog, tegoed, pg_temp set plan_cache_mode = force_custom_plan as $$
begin
    merge into tegoed.customer c
    using (
        select distinct on (l.customer_number) l.*,
               g.id as group_id, p.id as profile_id, col.id as collector_id, sal.id as salesperson_id
        from tegoed.import_line l
        left join tegoed.customer_group g on g.company_id = p_run.company_id and g.code = l.group_code
        left join tegoed.payment_profile p on p.company_id = p_run.company_id and p.code = l.profile_code
        left join tegoed.app_user col on col.login = l.collector or col.name = l.collector
        left join tegoed.app_user sal on sal.login = l.salesperson or sal.name = l.salesperson
        where l.run_id = p_run.id and l.uploaded_by = session_user and l.error_code is null
        order by l.customer_number, l.line_no
    ) s on c.connection_id = p_run.connection_id and c.number = s.customer_number
    when matched and c.source_hash is distinct from s.customer_hash then update set
        name = coalesce(s.customer_name, c.name),
        kind = case when c.kind_source = 'hand' then c.kind else coalesce(s.customer_kind,
            case when coalesce(s.kvk, '') <> '' or coalesce(s.vat_number, '') <> '' then 'business' end, c.kind) end,
        kind_source = case when c.kind_source = 'hand' then 'hand' when s.customer_kind is not null then 'source'
            when coalesce(s.kvk, '') <> '' or coalesce(s.vat_number, '') <> '' then 'registration' else c.kind_source end,
        kvk = coalesce(s.kvk, c.kvk), vat_number = coalesce(s.vat_number, c.vat_number), iban = coalesce(s.iban, c.iban),
        contact_name = coalesce(s.contact_name, c.contact_name), contact_gender = coalesce(s.contact_gender, c.contact_gender),
        street = coalesce(s.street, c.street), postcode = coalesce(s.postcode, c.postcode), city = coalesce(s.city, c.city),
        country = coalesce(s.country, c.country),
        address_state = case when (s.street, s.postcode) is distinct from (c.street, c.postcode) then 'good' else c.address_state end,
        email = coalesce(s.email, c.email),
        email_state = case when s.email is distinct from c.email and s.email is not null then 'good' else c.email_state end,
        phone = coalesce(s.phone, c.phone),
        phone_state = case when s.phone is distinct from c.phone and s.phone is not null then 'good' else c.phone_state end,
        language = coalesce(s.language, c.language), payment_term = coalesce(s.payment_term, c.payment_term),
        group_id = coalesce(s.group_id, c.group_id), profile_id = coalesce(s.profile_id, c.profile_id),
        collector_id = coalesce(s.collector_id, c.collector_id), salesperson_id = coalesce(s.salesperson_id, c.salesperson_id),
        source_hash = s.customer_hash, not_in_source_since = null, version = c.version + 1
    when not matched then insert (company_id, connection_id, number, name, kind, kind_source, kvk, vat_number, iban, contact_name,
        contact_gender, street, postcode, city, country, email, phone, language, payment_term, group_id, profile_id,
        collector_id, salesperson_id, source_hash)
    values (p_run.company_id, p_run.connection_id, s.customer_number, coalesce(s.customer_name, s.customer_number),
        coalesce(s.customer_kind, case when coalesce(s.kvk, '') <> '' or coalesce(s.vat_number, '') <> '' then 'business' else 'unknown' end),
        case when s.customer_kind is not null then 'source'
             when coalesce(s.kvk, '') <> '' or coalesce(s.vat_number, '') <> '' then 'registration' else 'none' end,
        coalesce(s.kvk, ''), coalesce(s.vat_number, ''), coalesce(s.iban, ''), coalesce(s.contact_name, ''), coalesce(s.contact_gender, ''),
        coalesce(s.street, ''), coalesce(s.postcode, ''), coalesce(s.city, ''), coalesce(s.country, 'NL'), coalesce(s.email, ''),
        coalesce(s.phone, ''), coalesce(s.language, case when coalesce(s.country, 'NL') in ('NL', 'BE', 'SR') then 'nl' else 'en' end),
        coalesce(s.payment_term, 30), s.group_id, s.profile_id, s.collector_id, s.salesperson_id, s.customer_hash);
end
$$;

-- New and changed items and the movements that make their outstanding equal the source. An own
-- allocation that awaits the source is consumed first by what the source settles later.
create function tegoed.merge_items(p_run tegoed.import_run, p_on date, out touched bigint[], out fresh int, out moved bigint[])
language plpgsql set search_path = pg_catalog, tegoed, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
    v_known bigint[];
    v_imported bigint[];
begin
    select array_agg(oi.id) filter (where oi.customer_id <> c.id), array_agg(oi.id)
    into moved, v_known
    from tegoed.import_line l
    join tegoed.open_item oi on oi.connection_id = p_run.connection_id and oi.source_key = tegoed.line_key(l)
    join tegoed.customer c on c.connection_id = p_run.connection_id and c.number = l.customer_number
    where l.run_id = p_run.id and l.uploaded_by = session_user and l.error_code is null
      and (oi.source_hash is distinct from l.item_hash or oi.customer_id <> c.id or oi.not_in_source_since is not null);
    perform tegoed.leave_actions(moved, p_on);
    merge into tegoed.open_item oi
    using (
        select l.*, c.id as customer_id, tegoed.line_key(l) as source_key
        from tegoed.import_line l
        join tegoed.customer c on c.connection_id = p_run.connection_id and c.number = l.customer_number
        where l.run_id = p_run.id and l.uploaded_by = session_user and l.error_code is null
    ) s on oi.connection_id = p_run.connection_id and oi.source_key = s.source_key
    when matched and (oi.source_hash is distinct from s.item_hash or oi.customer_id <> s.customer_id
                      or oi.not_in_source_since is not null) then update set
        customer_id = s.customer_id, document_number = coalesce(s.document_number, oi.document_number),
        invoice_date = coalesce(s.invoice_date, oi.invoice_date), due_date = coalesce(s.due_date, oi.due_date),
        due_estimated = s.due_estimated, currency = s.currency,
        original_amount = coalesce(s.original_amount, oi.original_amount),
        description = coalesce(s.description, ''), your_reference = coalesce(s.your_reference, ''),
        source_hash = s.item_hash, not_in_source_since = null
    when not matched then insert (company_id, customer_id, connection_id, source_key, kind, document_number, document_year,
        invoice_date, due_date, due_estimated, currency, original_amount, description, your_reference, source_hash, planning_from)
    values (p_run.company_id, s.customer_id, p_run.connection_id, s.source_key,
        case s.document_type when 'payment' then 'payment_on_account' else s.document_type end, s.document_number, s.document_year,
        s.invoice_date, coalesce(s.due_date, s.invoice_date, p_on), coalesce(s.due_estimated, false), s.currency,
        coalesce(s.original_amount, s.open_amount), coalesce(s.description, ''), coalesce(s.your_reference, ''), s.item_hash, p_on);
    with target as (
        select oi.id, oi.company_id, l.open_amount - oi.original_amount as wanted, l.paid_on,
               coalesce(sum(m.amount) filter (where m.kind = 'source_settlement'), 0) as settled,
               coalesce(sum(m.amount) filter (where m.kind in ('allocation', 'taken_over')), 0) as awaiting
        from tegoed.import_line l
        join tegoed.open_item oi on oi.connection_id = p_run.connection_id and oi.source_key = tegoed.line_key(l)
        left join tegoed.movement m on m.open_item_id = oi.id
        where l.run_id = p_run.id and l.uploaded_by = session_user and l.error_code is null
          and (oi.id = any (v_known) or oi.planning_from = p_on and oi.original_amount <> l.open_amount)
        group by oi.id, oi.company_id, oi.original_amount, l.open_amount, l.paid_on
    ), booked as (
        insert into tegoed.movement (company_id, open_item_id, kind, amount, value_date, import_run_id, reason)
        select t.company_id, t.id, x.kind, x.amount, coalesce(t.paid_on, p_run.data_as_of), p_run.id, x.reason
        from target t
        cross join lateral (
            select 'source_settlement' as kind, t.wanted - t.settled as amount, 'import' as reason
            union all
            select 'taken_over', least(-t.awaiting, t.settled - t.wanted), 'booked by the source'
        ) x
        where x.amount <> 0 and (x.kind = 'source_settlement' or x.amount > 0)
        returning 1
    )
    select count(*) into fresh from booked;
    with imported as (
        insert into tegoed.step_done (company_id, open_item_id, version_id, position, stage, rank, at, on_date, written, skipped, reason)
        select oi.company_id, oi.id, null, 0, s.stage, tegoed.stage_rank(s.stage), now(), coalesce(l.reminder_date, p_run.data_as_of),
               true, true, 'imported'
        from tegoed.import_line l
        join tegoed.open_item oi on oi.connection_id = p_run.connection_id and oi.source_key = tegoed.line_key(l)
        cross join lateral (select case when l.reminder_level = 1 then 'reminder' else 'demand' end as stage) s
        where l.run_id = p_run.id and l.uploaded_by = session_user and l.error_code is null and l.reminder_level > 0
          and oi.rank_done < tegoed.stage_rank(s.stage) and oi.outstanding > 0 and oi.kind = 'invoice'
        returning open_item_id
    )
    select array_agg(open_item_id) into v_imported from imported;
    perform tegoed.keep_progress(v_imported);
    select array_agg(oi.id) into touched
    from tegoed.open_item oi
    where oi.company_id = p_run.company_id
      and (oi.id = any (v_known) or oi.connection_id = p_run.connection_id and oi.planning_from = p_on);
end
$$;

-- An item that moved to another customer leaves what waits; a held one raises a follow-up.
create function tegoed.leave_actions(p_items bigint[], p_on date) returns void
language plpgsql set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_row record;
begin
    for v_row in
        select ai.action_id, ai.open_item_id, ai.company_id, a.customer_id from tegoed.action_item ai join tegoed.action a on a.id = ai.action_id
        where ai.open_item_id = any (p_items) and a.state in ('planned', 'awaiting_approval', 'approved')
    loop
        delete from tegoed.action_item where action_id = v_row.action_id and open_item_id = v_row.open_item_id;
        perform tegoed.review_waiting(v_row.company_id, v_row.customer_id, 'item_moved');
    end loop;
    insert into tegoed.action (company_id, customer_id, kind, origin, business_date, due_on, class, counts_as_step, cause, explanation)
    select distinct oi.company_id, oi.customer_id, 'task', 'follow_up', p_on, p_on, 4, false, 'item_moved',
           jsonb_build_object('rule', 'item_moved', 'item', oi.document_number)
    from tegoed.open_item oi join tegoed.active_hold(p_on) h on h.open_item_id = oi.id
    where oi.id = any (p_items);
end
$$;

create function tegoed.close_missing(p_run tegoed.import_run, p_on date) returns bigint[]
language plpgsql set search_path = pg_catalog, tegoed, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
    v_closed bigint[];
begin
    select array_agg(oi.id) into v_closed from tegoed.open_item oi
    where oi.company_id = p_run.company_id and oi.connection_id = p_run.connection_id and oi.outstanding <> 0
      and tegoed.is_gone(oi, p_run);
    update tegoed.open_item set not_in_source_since = p_on, source_hash = null where id = any (v_closed);
    insert into tegoed.movement (company_id, open_item_id, kind, amount, value_date, import_run_id, reason)
    select oi.company_id, oi.id, x.kind, x.amount, p_run.data_as_of, p_run.id, 'not in source'
    from tegoed.open_item oi
    cross join lateral (
        select coalesce(sum(m.amount) filter (where m.kind = 'source_settlement'), 0) as settled,
               coalesce(sum(m.amount) filter (where m.kind in ('allocation', 'taken_over')), 0) as awaiting
        from tegoed.movement m where m.open_item_id = oi.id
    ) s
    cross join lateral (values ('source_settlement', -oi.original_amount - s.settled), ('taken_over', -s.awaiting)) x(kind, amount)
    where oi.id = any (v_closed) and x.amount <> 0;
    return v_closed;
end
$$;

-- Notices whose principals are paid are over; costs that remain ask a person: claim on, or waive.
create function tegoed.settle_notices(p_company int) returns void
language plpgsql set search_path = pg_catalog, tegoed, pg_temp as $$
begin
    insert into tegoed.action (company_id, customer_id, kind, origin, currency, business_date, due_on, amount, class, counts_as_step,
        cause, explanation)
    select oi.company_id, oi.customer_id, 'task', 'follow_up', oi.currency, d.today, d.today, sum(oi.outstanding), 4, false, 'costs_remain',
           jsonb_build_object('rule', 'costs_remain', 'items', jsonb_agg(oi.document_number))
    from tegoed.open_item oi, (select tegoed.today_of(p_company) as today) d
    where oi.company_id = p_company and oi.kind in ('cost', 'interest') and oi.outstanding > 0
      and not exists (select from tegoed.action_item ai join tegoed.open_item p on p.id = ai.open_item_id
                      where ai.action_id = oi.parent_action_id and p.outstanding > 0 and p.kind = 'invoice')
      and not exists (select from tegoed.action a where a.customer_id = oi.customer_id and a.cause = 'costs_remain'
                      and a.state = 'planned')
    group by oi.company_id, oi.customer_id, oi.currency, d.today;
end
$$;

-- A failed import stops automatic dunning until one succeeds.
create function tegoed.fail_import(p_run bigint, p_abandoned boolean default false) returns void
language plpgsql security definer set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_run tegoed.import_run := tegoed.my_run(p_run);
begin
    update tegoed.import_run set state = case when p_abandoned then 'abandoned' else 'failed' end, finished_at = now() where id = p_run;
    delete from tegoed.import_line where run_id = p_run and uploaded_by = session_user;
    if not p_abandoned then
        update tegoed.company set import_failed_at = now() where id = v_run.company_id;
        perform tegoed.note_event(v_run.company_id, null, 'import.failed', jsonb_build_object('run', p_run));
    end if;
end
$$;
