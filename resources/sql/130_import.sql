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
    perform tegoed.drop_dead_runs();
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

-- Runs whose program was killed between its steps: half a day later nobody will end them any more.
create function tegoed.drop_dead_runs() returns void
language sql set search_path = pg_catalog, tegoed, pg_temp as $$
    with dead as (
        update tegoed.import_run set state = 'abandoned', finished_at = now()
        where state in ('open', 'previewed') and started_at < now() - interval '12 hours'
        returning id
    )
    delete from tegoed.import_line l using dead where l.run_id = dead.id
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

-- The lines of a run beside the items they stand for, and the known items that have no line (`missing`;
-- left out by asking for line_no is not null, which makes the join one-sided). One hash join, no sort.
create function tegoed.import_difference(p_run bigint, p_connection int)
returns table (line_no int, place text, key text, document_number text, customer_number text, open_amount numeric,
               due_estimated boolean, item_id bigint, customer_id bigint, item_customer_id bigint, outstanding numeric,
               currency text, invoice_date date, was_gone boolean, verdict text)
language sql stable as $$
    select l.line_no, l.place, l.key, coalesce(l.document_number, oi.document_number), l.customer_number, l.open_amount,
           l.due_estimated, oi.id, cu.id, oi.customer_id, oi.outstanding, coalesce(oi.currency, l.currency), oi.invoice_date,
           oi.not_in_source_since is not null,
           case when l.line_no is null then 'missing' when l.error_code is not null then 'rejected' when oi.id is null then 'new'
                when oi.source_hash is distinct from l.item_hash or oi.customer_id is distinct from cu.id
                     or oi.not_in_source_since is not null then 'changed'
                else 'unchanged' end
    from (
        select i.line_no, i.place, i.error_code, tegoed.line_key(i) as key, i.document_number, i.customer_number, i.open_amount,
               i.due_estimated, i.currency, i.item_hash
        from tegoed.import_line i where i.run_id = p_run and i.uploaded_by = session_user
    ) l
    full join (select * from tegoed.open_item o where o.connection_id = p_connection) oi on oi.source_key = l.key
    left join tegoed.customer cu on cu.connection_id = p_connection and cu.number = l.customer_number
$$;

-- The first line of each customer that the file describes differently than is known.
create function tegoed.customer_lines(p_run bigint, p_connection int) returns setof tegoed.import_line
language sql stable as $$
    select l.* from tegoed.import_line l
    join (
        select min(d.line_no) as line_no from tegoed.import_line d
        where d.run_id = p_run and d.uploaded_by = session_user and d.error_code is null
          and d.customer_number in (
              select n.customer_number from tegoed.import_line n
              left join tegoed.customer c on c.connection_id = p_connection and c.number = n.customer_number
              where n.run_id = p_run and n.uploaded_by = session_user and n.error_code is null
                and c.source_hash is distinct from n.customer_hash)
        group by d.customer_number
    ) first on first.line_no = l.line_no
    where l.run_id = p_run and l.uploaded_by = session_user
$$;

-- A document that stands twice in one file: neither line is taken, and each names all places.
create function tegoed.reject_duplicates(p_run bigint) returns void
language plpgsql set search_path = pg_catalog, tegoed, pg_temp set plan_cache_mode = force_custom_plan set work_mem = '128MB' set jit = off as $$
declare
    v_keys text[];
begin
    select array_agg(key) into v_keys from (
        select tegoed.line_key(d) as key from tegoed.import_line d
        where d.run_id = p_run and d.uploaded_by = session_user and d.error_code is null
        group by 1 having count(*) > 1
    ) twice;
    if v_keys is null then
        return;
    end if;
    update tegoed.import_line l set error_code = 'duplicate',
        error = format('%s: document %s stands more than once in this file: %s. Keep one of them.',
                       upper(left(l.place, 1)) || substr(l.place, 2), l.document_number, twice.places)
    from (select tegoed.line_key(d) as key, left(string_agg(d.place, ' and ' order by d.line_no), 200) as places
          from tegoed.import_line d
          where d.run_id = p_run and d.uploaded_by = session_user and d.error_code is null and tegoed.line_key(d) = any (v_keys)
          group by 1) twice
    where l.run_id = p_run and l.uploaded_by = session_user and l.error_code is null and tegoed.line_key(l) = twice.key;
end
$$;

-- Open items of the connection that a complete file should have and has not. What stands in a rejected
-- line is not gone; a period speaks of its own items only.
create function tegoed.is_closed_by(p_run tegoed.import_run, p_verdict text, p_outstanding numeric, p_invoice_date date)
returns boolean language sql immutable as $$
    select p_verdict = 'missing' and p_outstanding <> 0 and p_run.completeness = 'complete'
        and (p_run.period_from is null or p_invoice_date >= p_run.period_from)
        and (p_run.period_until is null or p_invoice_date is null or p_invoice_date <= p_run.period_until)
$$;

-- Counts of the differences, and what would close, in one pass over lines and items. Amounts by currency.
create function tegoed.import_counts(p_run tegoed.import_run) returns jsonb
language plpgsql stable set search_path = pg_catalog, tegoed, pg_temp set plan_cache_mode = force_custom_plan set work_mem = '128MB' set jit = off as $$
declare
    v_complete boolean := p_run.completeness = 'complete';
    v_counts jsonb;
begin
    select jsonb_build_object('lines', sum(lines), 'rejected', sum(rejected), 'new', sum(fresh), 'changed', sum(changed),
               'unchanged', sum(lines) - sum(rejected) - sum(fresh) - sum(changed), 'reopened', sum(reopened),
               'estimated', sum(estimated), 'keyless', sum(keyless), 'moved', sum(moved), 'known', sum(known),
               'closed', sum(gone), 'open_items', sum(open_items),
               'closed_amounts', coalesce(jsonb_object_agg(c.currency, c.gone_amount::text) filter (where c.gone > 0), '{}'),
               'much', sum(gone) > 0.2 * sum(open_items) or bool_or(c.gone_amount > 0.2 * c.open_amount))
    into v_counts
    from (
        select coalesce(d.currency, '') as currency, count(d.line_no) as lines,
               count(*) filter (where d.verdict = 'rejected') as rejected,
               count(*) filter (where d.verdict = 'rejected' and d.key is null) as keyless,
               count(*) filter (where d.verdict = 'new') as fresh,
               count(*) filter (where d.verdict = 'changed') as changed,
               count(*) filter (where d.verdict = 'changed' and d.was_gone and d.open_amount <> 0) as reopened,
               count(*) filter (where d.verdict <> 'rejected' and d.line_no is not null and d.due_estimated) as estimated,
               count(*) filter (where d.verdict = 'changed' and d.outstanding <> 0 and d.customer_id is distinct from d.item_customer_id) as moved,
               count(*) filter (where d.verdict in ('changed', 'unchanged') and d.outstanding <> 0) as known,
               count(d.item_id) filter (where d.outstanding <> 0) as open_items,
               coalesce(sum(greatest(d.outstanding, 0)), 0) as open_amount,
               count(*) filter (where tegoed.is_closed_by(p_run, d.verdict, d.outstanding, d.invoice_date)) as gone,
               coalesce(sum(greatest(d.outstanding, 0)) filter (
                   where tegoed.is_closed_by(p_run, d.verdict, d.outstanding, d.invoice_date)), 0) as gone_amount
        from tegoed.import_difference(p_run.id, p_run.connection_id) d
        where d.line_no is not null or v_complete
        group by 1
    ) c;
    return v_counts;
end
$$;

-- Known customers that the file gives another name and another registration, account or postcode.
create function tegoed.renamed_customers(p_run tegoed.import_run, out renamed int, out known int)
language plpgsql stable set search_path = pg_catalog, tegoed, pg_temp set plan_cache_mode = force_custom_plan set work_mem = '128MB' set jit = off as $$
begin
    select count(*) into renamed
    from tegoed.customer_lines(p_run.id, p_run.connection_id) l
    join tegoed.customer c on c.connection_id = p_run.connection_id and c.number = l.customer_number
    where c.name <> l.customer_name and (
        c.kvk <> '' and l.kvk <> c.kvk or c.vat_number <> '' and l.vat_number <> c.vat_number
        or c.iban <> '' and l.iban <> c.iban or c.postcode <> '' and l.postcode <> c.postcode);
    if renamed > 0 then
        select count(*) into known from tegoed.customer c
        where c.connection_id = p_run.connection_id and c.number in (
            select l.customer_number from tegoed.import_line l
            where l.run_id = p_run.id and l.uploaded_by = session_user and l.error_code is null);
    end if;
end
$$;

-- Compares a run with what is known and keeps the counts: new, changed, closed, reopened, unchanged and
-- rejected; and whether it looks like another file (moved items, renamed customers, too much vanishing).
create function tegoed.preview_import(p_run bigint, p_control jsonb default null, p_sha256 text default '',
    p_covers_earlier boolean default false) returns jsonb
language plpgsql security definer set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_run tegoed.import_run := tegoed.my_run(p_run);
    v_counts jsonb;
    v_renamed record;
    v_blocks jsonb := '[]';
begin
    perform tegoed.require_role('collector', 'administrator', 'worker');
    analyze tegoed.import_line;
    if p_covers_earlier then
        -- everything open from before the period stands in the file too, so what is missing is settled
        update tegoed.import_run set period_from = null where id = p_run returning * into v_run;
    end if;
    perform tegoed.reject_duplicates(p_run);
    v_counts := tegoed.import_counts(v_run);
    v_renamed := tegoed.renamed_customers(v_run);
    if (v_counts ->> 'closed')::int > 0 and ((v_counts ->> 'keyless')::int > 0 or (v_counts ->> 'much')::boolean) then
        v_blocks := v_blocks || jsonb_build_array(jsonb_build_object('code', 'closing', 'items', v_counts -> 'closed',
            'amounts', v_counts -> 'closed_amounts', 'of', v_counts -> 'open_items', 'keyless', v_counts -> 'keyless'));
    end if;
    if (v_counts ->> 'moved')::int > 0.02 * (v_counts ->> 'known')::int then
        v_blocks := v_blocks || jsonb_build_array(jsonb_build_object('code', 'moved', 'items', v_counts -> 'moved',
            'of', v_counts -> 'known', 'renumbering', tegoed.renumbering_of(v_run)));
    elsif v_renamed.renamed > 0.02 * v_renamed.known then
        v_blocks := v_blocks || jsonb_build_array(jsonb_build_object('code', 'renamed', 'customers', v_renamed.renamed,
            'of', v_renamed.known, 'renumbering', tegoed.renumbering_of(v_run)));
    end if;
    v_counts := v_counts - 'much' - 'known' || jsonb_build_object('renamed', v_renamed.renamed, 'blocks', v_blocks,
        'earlier_runs', tegoed.applied_runs(v_run.connection_id));
    update tegoed.import_run set state = 'previewed', counts = v_counts, control = p_control,
        sha256 = coalesce(nullif(p_sha256, ''), sha256)
    where id = p_run;
    return v_counts;
end
$$;

create function tegoed.applied_runs(p_connection int) returns bigint
language sql stable set search_path = pg_catalog, tegoed, pg_temp as $$
    select count(*) from tegoed.import_run where connection_id = p_connection and state = 'applied'
$$;

-- Which old customer number seems to have become which new one: most of its items stand under that one now,
-- or else somebody with the same registration, account, or name and postcode does.
create function tegoed.renumbering_of(p_run tegoed.import_run) returns jsonb
language sql stable set search_path = pg_catalog, tegoed, pg_temp as $$
    with by_items as (
        select o.number as old_number, mode() within group (order by d.customer_number) as new_number
        from tegoed.import_difference(p_run.id, p_run.connection_id) d
        join tegoed.customer o on o.id = d.item_customer_id
        where d.line_no is not null and d.verdict = 'changed' and o.number <> d.customer_number
        group by 1
    ), by_identity as (
        select c.number as old_number, min(l.customer_number) as new_number
        from tegoed.customer_lines(p_run.id, p_run.connection_id) l
        join tegoed.customer c on c.connection_id = p_run.connection_id and c.number <> l.customer_number
            and (c.kvk <> '' and c.kvk = l.kvk or c.vat_number <> '' and c.vat_number = l.vat_number
                 or c.iban <> '' and c.iban = l.iban
                 or c.name = l.customer_name and c.postcode <> '' and c.postcode = l.postcode)
        where c.number not in (select old_number from by_items)
        group by 1 having count(distinct l.customer_number) = 1
    )
    select coalesce(jsonb_object_agg(old_number, new_number), '{}')
    from (select * from by_items union all select * from by_identity limit 5000) moved
$$;

-- The rejected lines of a run, with place and reason.
create function tegoed.import_report(p_run bigint, p_limit int default 200)
returns table (kind text, place text, document_number text, customer_number text, what text)
language plpgsql stable security definer set search_path = pg_catalog, tegoed, pg_temp as $$
begin
    return query
    select 'rejected', l.place, l.document_number, l.customer_number, l.error from tegoed.import_line l
    join tegoed.import_run r on r.id = l.run_id and r.started_by = session_user and r.company_id = any (tegoed.my_companies())
    where l.run_id = p_run and l.uploaded_by = session_user and l.error_code is not null order by l.line_no limit p_limit;
end
$$;

-- A few lines of each kind of difference of a run, in the order of the file, with what is different.
create function tegoed.import_examples(p_run bigint, p_limit int default 3)
returns table (kind text, place text, document_number text, customer_number text, what text)
language plpgsql stable security definer set search_path = pg_catalog, tegoed, pg_temp
set plan_cache_mode = force_custom_plan set work_mem = '128MB' set jit = off as $$
declare
    v_run tegoed.import_run;
begin
    select * into v_run from tegoed.import_run where id = p_run and started_by = session_user
        and company_id = any (tegoed.my_companies()) and state in ('open', 'previewed');
    return query
    select e.kind, e.place, e.document_number, e.customer_number, case e.kind
        when 'new' then format('%s %s open', e.open_amount, e.currency)
        when 'closed' then format('%s %s was open, and it is not in this file', e.outstanding, e.currency)
        when 'changed' then concat_ws('; ',
            case when e.outstanding <> e.open_amount then format('open %s, was %s', e.open_amount, e.outstanding) end,
            case when e.number <> e.customer_number then 'was of customer ' || e.number end,
            case when e.was_gone then 'it is back in the source' end,
            case when e.outstanding = e.open_amount and e.number = e.customer_number and not e.was_gone then 'dates or texts' end)
        else format('%s %s open', e.open_amount, e.currency) end
    from (
        select d.*, c.number, row_number() over (partition by d.kind order by d.line_no, d.item_id) as nth
        from (
            select x.*, case when tegoed.is_closed_by(v_run, x.verdict, x.outstanding, x.invoice_date) then 'closed'
                             when x.verdict not in ('missing', 'rejected') then x.verdict end as kind
            from tegoed.import_difference(v_run.id, v_run.connection_id) x
        ) d
        left join tegoed.customer c on c.id = d.item_customer_id
        where d.kind is not null
    ) e
    where e.nth <= p_limit
    order by case e.kind when 'new' then 1 when 'changed' then 2 when 'closed' then 3 else 4 end, e.nth;
end
$$;
grant execute on function tegoed.import_examples(bigint, int) to {{collector}}, {{administrator}}, {{worker}};

-- Gives customers their new numbers; everything that hangs on them stays.
create function tegoed.renumber_customers(p_run bigint, p_numbers jsonb) returns int
language plpgsql security definer set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_run tegoed.import_run := tegoed.my_run(p_run);
    v_done int;
    v_wrong text;
begin
    perform tegoed.require_role('manager', 'administrator');
    perform tegoed.lock_company(v_run.company_id);
    select string_agg(n.key, ', ') into v_wrong from jsonb_each_text(p_numbers) n
    where not exists (select from tegoed.customer c where c.connection_id = v_run.connection_id and c.number = n.key);
    if v_wrong is not null then
        perform tegoed.fail('TG001', format('No customer has the old number %s.', v_wrong),
            jsonb_build_object('code', 'renumber.unknown', 'field', 'renumber'));
    end if;
    select string_agg(distinct n.value, ', ') into v_wrong from jsonb_each_text(p_numbers) n
    where (select count(*) from jsonb_each_text(p_numbers) o where o.value = n.value) > 1
       or not p_numbers ? n.value and exists (select from tegoed.customer c
                                              where c.connection_id = v_run.connection_id and c.number = n.value);
    if v_wrong is not null then
        perform tegoed.fail('TG003', format('The new number %s belongs to another customer too.', v_wrong),
            jsonb_build_object('code', 'renumber.taken', 'remedy', 'One customer, one number: take the others out of the list.'));
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
language plpgsql security definer set search_path = pg_catalog, tegoed, pg_temp set plan_cache_mode = force_custom_plan
set work_mem = '128MB' set jit = off as $$
declare
    v_run tegoed.import_run := tegoed.my_run(p_run);
    v_on date := coalesce(p_on, tegoed.today_of(v_run.company_id));
    v_difference record;
    v_touched bigint[];
    v_customers bigint[];
begin
    perform tegoed.require_role('collector', 'administrator', 'worker');
    if v_run.state <> 'previewed' then
        perform tegoed.fail('TG002', 'Look at the differences first.', jsonb_build_object('code', 'import.not_previewed'));
    end if;
    perform tegoed.lock_company(v_run.company_id);
    if tegoed.applied_runs(v_run.connection_id) <> (v_run.counts ->> 'earlier_runs')::bigint then
        perform tegoed.fail('TG003', 'Another import of the same source was applied in the meantime.',
            jsonb_build_object('code', 'import.overtaken', 'remedy', 'Import the file again if it is the newer one.'));
    end if;
    perform tegoed.require_confirmed(b, p_confirm) from jsonb_array_elements(v_run.counts -> 'blocks') b;
    perform tegoed.merge_customers(v_run);
    select * into v_difference from tegoed.run_difference(v_run);
    v_touched := v_difference.items || v_difference.gone;
    perform tegoed.lock_waiting_customers(v_run.company_id, v_touched);
    perform tegoed.leave_actions(v_difference.moved);
    perform tegoed.merge_items(v_run, v_on, v_difference.lines, v_difference.items, v_difference.fresh);
    perform tegoed.close_items(v_run, v_on, v_difference.gone);
    perform tegoed.follow_moved(v_difference.moved, v_on);
    perform tegoed.correct_charges(v_touched);
    -- only a complete file says that what it lacks is paid: additions make the data no fresher
    update tegoed.company set import_failed_at = null, data_as_of = case v_run.completeness
        when 'complete' then greatest(data_as_of, v_run.data_as_of) else coalesce(data_as_of, v_run.data_as_of) end
    where id = v_run.company_id;
    update tegoed.import_run set state = 'applied', finished_at = now() where id = p_run;
    delete from tegoed.import_line where run_id = p_run;
    if cardinality(v_touched) > 20000 then
        -- planning follows at once, and must not judge a full table by what is known of an empty one
        analyze tegoed.open_item, tegoed.customer, tegoed.movement;
    end if;
    select array_agg(distinct oi.customer_id) into v_customers from tegoed.open_item oi where oi.id = any (v_touched);
    perform tegoed.review_waiting(v_run.company_id, w.customer_id, 'import')
    from (select distinct a.customer_id from tegoed.action a
          where a.company_id = v_run.company_id and a.customer_id = any (v_customers)
            and a.state in ('planned', 'awaiting_approval', 'approved') order by 1) w;
    perform tegoed.settle_notices(v_run.company_id, v_customers);
    perform tegoed.plan_customers(c.id, v_on, v_customers) from tegoed.company c
    where c.id = v_run.company_id and c.state <> 'off' and c.planned_for = v_on and v_customers is not null;
    perform tegoed.note_event(v_run.company_id, null, 'import.applied', v_run.counts || jsonb_build_object('run', p_run));
    perform tegoed.announce(v_run.company_id, 'ledger');
    return v_run.counts || jsonb_build_object('moved_items', cardinality(v_difference.moved));
end
$$;

-- A block of the preview stops the import unless a person has said that it is right.
create function tegoed.require_confirmed(p_block jsonb, p_confirm text[]) returns void
language plpgsql set search_path = pg_catalog, tegoed, pg_temp as $$
declare
    v_code text := p_block ->> 'code';
    v_keyless int := (p_block ->> 'keyless')::int;
begin
    if v_code = any (p_confirm) then
        return;
    end if;
    perform tegoed.fail('TG002', case
        when v_code = 'closing' and v_keyless > 0 then
            format('%s rejected lines have no readable number, so it is not sure that the %s open items missing in this file are settled.',
                   v_keyless, p_block ->> 'items')
        when v_code = 'closing' then
            format('%s of %s open items (%s) are not in this file; that is more than a file usually closes.',
                   p_block ->> 'items', p_block ->> 'of',
                   (select string_agg(a.value || ' ' || a.key, ', ' order by a.key) from jsonb_each_text(p_block -> 'amounts') a))
        when v_code = 'moved' then
            format('%s of %s known items stand under another customer number.', p_block ->> 'items', p_block ->> 'of')
        else format('%s of %s known customers have another name and another registration, account or postcode.',
                    p_block ->> 'customers', p_block ->> 'of') end,
        jsonb_build_object('code', 'import.' || v_code, 'values', p_block, 'remedy', case v_code
            when 'closing' then 'Check the file; if it is right, use --confirm-closing.'
            else 'If customers were renumbered, use --renumber FILE; if they truly moved, --confirm-moved.' end));
end
$$;

create function tegoed.merge_customers(p_run tegoed.import_run) returns void
language plpgsql set search_path = pg_catalog, tegoed, pg_temp set plan_cache_mode = force_custom_plan set work_mem = '128MB' set jit = off as $$
begin
    merge into tegoed.customer c
    using (
        select l.*, nullif(l.customer_kind, 'unknown') as source_kind,
               coalesce(l.kvk, '') <> '' or coalesce(l.vat_number, '') <> '' as registered,
               (select g.id from tegoed.customer_group g where g.company_id = p_run.company_id and g.code = l.group_code) as group_id,
               (select p.id from tegoed.payment_profile p where p.company_id = p_run.company_id and p.code = l.profile_code) as profile_id,
               (select min(u.id) from tegoed.app_user u where l.collector in (u.login, u.name)) as collector_id,
               (select min(u.id) from tegoed.app_user u where l.salesperson in (u.login, u.name)) as salesperson_id
        from tegoed.customer_lines(p_run.id, p_run.connection_id) l
    ) s on c.connection_id = p_run.connection_id and c.number = s.customer_number
    when matched and c.source_hash is distinct from s.customer_hash then update set
        name = coalesce(s.customer_name, c.name),
        -- business only by registration, the source's mark or by hand; a word the source made up says nothing
        kind = case when c.kind_source = 'hand' then c.kind when s.source_kind is not null then s.source_kind
            when s.registered then 'business' else c.kind end,
        kind_source = case when c.kind_source = 'hand' then 'hand' when s.registered and coalesce(s.source_kind, 'business') = 'business'
            then 'registration' when s.source_kind is not null then 'source' else c.kind_source end,
        kvk = coalesce(s.kvk, c.kvk), vat_number = coalesce(s.vat_number, c.vat_number), iban = coalesce(s.iban, c.iban),
        contact_name = coalesce(s.contact_name, c.contact_name), contact_gender = coalesce(s.contact_gender, c.contact_gender),
        street = coalesce(s.street, c.street), postcode = coalesce(s.postcode, c.postcode), city = coalesce(s.city, c.city),
        country = coalesce(s.country, c.country),
        address_state = case when (coalesce(s.street, c.street), coalesce(s.postcode, c.postcode)) is distinct from (c.street, c.postcode)
            then 'good' else c.address_state end,
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
        coalesce(s.source_kind, case when s.registered then 'business' else 'unknown' end),
        case when s.registered and coalesce(s.source_kind, 'business') = 'business' then 'registration'
             when s.source_kind is not null then 'source' else 'none' end,
        coalesce(s.kvk, ''), coalesce(s.vat_number, ''), coalesce(s.iban, ''), coalesce(s.contact_name, ''), coalesce(s.contact_gender, ''),
        coalesce(s.street, ''), coalesce(s.postcode, ''), coalesce(s.city, ''), coalesce(s.country, 'NL'), coalesce(s.email, ''),
        coalesce(s.phone, ''), coalesce(s.language, case when coalesce(s.country, 'NL') in ('NL', 'BE', 'SR') then 'nl' else 'en' end),
        coalesce(s.payment_term, 30), s.group_id, s.profile_id, s.collector_id, s.salesperson_id, s.customer_hash);
end
$$;

-- What a run changes, found in one pass: its new and changed lines with the id of the item each stands for
-- (a new one gets its id here), which of these are new, which stand under another customer, and what is gone.
create function tegoed.run_difference(p_run tegoed.import_run, out lines int[], out items bigint[], out fresh boolean[],
    out moved bigint[], out gone bigint[])
language plpgsql set search_path = pg_catalog, tegoed, pg_temp set plan_cache_mode = force_custom_plan set work_mem = '128MB' set jit = off as $$
declare
    v_complete boolean := p_run.completeness = 'complete';
    v_ids regclass := pg_get_serial_sequence('tegoed.open_item', 'id');
begin
    select coalesce(array_agg(d.line_no) filter (where d.line_no is not null), '{}'),
           coalesce(array_agg(coalesce(d.item_id, nextval(v_ids))) filter (where d.line_no is not null), '{}'),
           coalesce(array_agg(d.item_id is null) filter (where d.line_no is not null), '{}'),
           coalesce(array_agg(d.item_id) filter (where d.line_no is not null and d.item_customer_id <> d.customer_id), '{}'),
           coalesce(array_agg(d.item_id) filter (where d.line_no is null), '{}')
    into lines, items, fresh, moved, gone
    from (
        select x.* from tegoed.import_difference(p_run.id, p_run.connection_id) x
        where (x.line_no is not null or v_complete)
          and (x.verdict in ('new', 'changed') or tegoed.is_closed_by(p_run, x.verdict, x.outstanding, x.invoice_date))
        order by x.line_no
    ) d;
end
$$;

-- Whoever changes what waits for a customer locks the customer first; in the order of their ids, so that
-- nobody waits in a circle.
create function tegoed.lock_waiting_customers(p_company int, p_items bigint[]) returns void
language sql set search_path = pg_catalog, tegoed, pg_temp as $$
    select cu.id from tegoed.customer cu
    where cu.id in (
        select oi.customer_id from tegoed.open_item oi
        where oi.id = any (p_items) and oi.customer_id in (
            select a.customer_id from tegoed.action a
            where a.company_id = p_company and a.state in ('planned', 'awaiting_approval', 'approved', 'sending')))
    order by cu.id for update
$$;

-- New and changed items, the movements that make their outstanding equal the source, and the reminders
-- that the source says were sent before. Each item is written once: a second write in one transaction costs
-- its index entries and foreign keys again.
create function tegoed.merge_items(p_run tegoed.import_run, p_on date, p_lines int[], p_items bigint[], p_fresh boolean[]) returns void
language plpgsql set search_path = pg_catalog, tegoed, pg_temp set plan_cache_mode = force_custom_plan set work_mem = '128MB' set jit = off as $$
declare
    v_known bigint[] := array(select w.item_id from unnest(p_items, p_fresh) w(item_id, fresh) where not w.fresh);
begin
    insert into tegoed.open_item (id, company_id, customer_id, connection_id, source_key, kind, document_number, document_year,
        invoice_date, due_date, due_estimated, currency, original_amount, settled_amount, description, your_reference, source_hash,
        planning_from)
    overriding system value
    select w.item_id, p_run.company_id, c.id, p_run.connection_id, tegoed.line_key(l),
        case l.document_type when 'payment' then 'payment_on_account' else l.document_type end, l.document_number, l.document_year,
        l.invoice_date, coalesce(l.due_date, l.invoice_date, p_on), coalesce(l.due_estimated, false), l.currency,
        coalesce(l.original_amount, l.open_amount), l.open_amount - coalesce(l.original_amount, l.open_amount),
        coalesce(l.description, ''), coalesce(l.your_reference, ''), l.item_hash, p_on
    from unnest(p_lines, p_items, p_fresh) w(line_no, item_id, fresh)
    join tegoed.import_line l on l.run_id = p_run.id and l.uploaded_by = session_user and l.line_no = w.line_no
    join tegoed.customer c on c.connection_id = p_run.connection_id and c.number = l.customer_number
    where w.fresh;
    perform tegoed.settle_by_source(p_run, array_agg(w.item_id), array_agg(l.original_amount), array_agg(l.open_amount),
                                    array_agg(l.paid_on), 'import')
    from unnest(p_lines, p_items, p_fresh) w(line_no, item_id, fresh)
    join tegoed.import_line l on l.run_id = p_run.id and l.uploaded_by = session_user and l.line_no = w.line_no
    where not w.fresh or l.original_amount <> l.open_amount;
    update tegoed.open_item oi set
        customer_id = c.id, document_number = coalesce(l.document_number, oi.document_number),
        invoice_date = coalesce(l.invoice_date, oi.invoice_date), due_date = coalesce(l.due_date, oi.due_date),
        due_estimated = coalesce(l.due_estimated, false), currency = l.currency,
        original_amount = coalesce(l.original_amount, oi.original_amount), settled_amount = oi.settled_amount + coalesce(m.amount, 0),
        description = coalesce(l.description, ''), your_reference = coalesce(l.your_reference, ''),
        source_hash = l.item_hash, not_in_source_since = null
    from unnest(p_lines, p_items, p_fresh) w(line_no, item_id, fresh)
    join tegoed.import_line l on l.run_id = p_run.id and l.uploaded_by = session_user and l.line_no = w.line_no
    join tegoed.customer c on c.connection_id = p_run.connection_id and c.number = l.customer_number
    left join tegoed.settled_in_run(p_run.id, v_known) m on m.item_id = w.item_id
    where oi.id = w.item_id and not w.fresh;
    perform tegoed.take_imported_reminders(p_run, p_lines, p_items);
end
$$;

create function tegoed.settled_in_run(p_run bigint, p_items bigint[]) returns table (item_id bigint, amount numeric)
language sql stable as $$
    select m.open_item_id, sum(m.amount) from tegoed.movement m
    where m.open_item_id = any (p_items) and m.import_run_id = p_run group by 1
$$;

-- Makes the source's part of each item's movements equal what the source says is open. What we booked
-- ourselves (allocations, write-offs) awaits the source: a later change in the source of the same sign
-- consumes it first, so that nothing counts twice. The caller writes the sums to the items.
create function tegoed.settle_by_source(p_run tegoed.import_run, p_items bigint[], p_original numeric[], p_open numeric[],
    p_paid_on date[], p_reason text)
returns void language plpgsql set search_path = pg_catalog, tegoed, pg_temp set plan_cache_mode = force_custom_plan set jit = off as $$
begin
    insert into tegoed.movement (company_id, open_item_id, kind, amount, value_date, import_run_id, reason)
    select t.company_id, t.item_id, x.kind, x.amount, coalesce(t.paid_on, p_run.data_as_of), p_run.id, x.reason
    from (
        select w.item_id, oi.company_id, w.paid_on, coalesce(m.awaiting, 0) as awaiting,
               w.open - coalesce(w.original, oi.original_amount) - coalesce(m.settled, 0) as change
        from unnest(p_items, p_original, p_open, p_paid_on) w(item_id, original, open, paid_on)
        join tegoed.open_item oi on oi.id = w.item_id
        left join (
            select mv.open_item_id, sum(mv.amount) filter (where mv.kind = 'source_settlement') as settled,
                   sum(mv.amount) filter (where mv.kind <> 'source_settlement') as awaiting
            from tegoed.movement mv where mv.open_item_id = any (p_items) group by 1
        ) m on m.open_item_id = w.item_id
    ) t
    cross join lateral (values
        ('source_settlement', t.change, p_reason),
        ('taken_over', case when t.change < 0 and t.awaiting < 0 then least(-t.change, -t.awaiting)
                            when t.change > 0 and t.awaiting > 0 then greatest(-t.change, -t.awaiting) else 0 end,
         'booked by the source')) x(kind, amount, reason)
    where x.amount <> 0;
end
$$;

-- A last reminder that the source names counts as a step taken elsewhere; never as a 14-day letter of ours.
create function tegoed.take_imported_reminders(p_run tegoed.import_run, p_lines int[], p_items bigint[]) returns void
language plpgsql set search_path = pg_catalog, tegoed, pg_temp set plan_cache_mode = force_custom_plan set jit = off as $$
declare
    v_imported bigint[];
begin
    with imported as (
        insert into tegoed.step_done (company_id, open_item_id, version_id, position, stage, rank, at, on_date, written, skipped, reason)
        select oi.company_id, oi.id, null, 0, s.stage, tegoed.stage_rank(s.stage), now(), coalesce(l.reminder_date, p_run.data_as_of),
               true, true, 'imported'
        from unnest(p_lines, p_items) w(line_no, item_id)
        join tegoed.import_line l on l.run_id = p_run.id and l.uploaded_by = session_user and l.line_no = w.line_no
        join tegoed.open_item oi on oi.id = w.item_id
        cross join lateral (select case when l.reminder_level = 1 then 'reminder' else 'demand' end as stage) s
        where l.reminder_level > 0 and oi.rank_done < tegoed.stage_rank(s.stage) and oi.outstanding > 0 and oi.kind = 'invoice'
        returning open_item_id
    )
    select array_agg(open_item_id) into v_imported from imported;
    if v_imported is not null then
        perform tegoed.keep_progress(v_imported);
    end if;
end
$$;

-- Items that moved to another customer leave what waits for the old one.
create function tegoed.leave_actions(p_items bigint[]) returns void
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
end
$$;

-- The holds of a moved item go with it; a person is told where it went.
create function tegoed.follow_moved(p_items bigint[], p_on date) returns void
language sql set search_path = pg_catalog, tegoed, pg_temp as $$
    with held as (
        select distinct oi.id, oi.company_id, oi.customer_id, oi.currency, oi.document_number, h.customer_id as old_customer
        from tegoed.open_item oi join tegoed.active_hold(p_on) h on h.open_item_id = oi.id
        where oi.id = any (p_items)
    ), along as (
        update tegoed.hold h set customer_id = oi.customer_id from tegoed.open_item oi
        where oi.id = h.open_item_id and oi.id = any (p_items)
    )
    insert into tegoed.action (company_id, customer_id, kind, origin, currency, business_date, due_on, class, counts_as_step, cause, explanation)
    select held.company_id, held.customer_id, 'task', 'follow_up', held.currency, p_on, p_on, 4, false, 'item_moved',
           jsonb_build_object('rule', 'item_moved', 'item', held.document_number, 'from',
               (select c.number from tegoed.customer c where c.id = held.old_customer))
    from held
$$;

create function tegoed.close_items(p_run tegoed.import_run, p_on date, p_items bigint[]) returns void
language plpgsql set search_path = pg_catalog, tegoed, pg_temp set plan_cache_mode = force_custom_plan set jit = off as $$
declare
    v_nothing numeric[] := array_fill(null::numeric, array[cardinality(p_items)]);
begin
    if cardinality(p_items) = 0 then
        return;
    end if;
    perform tegoed.settle_by_source(p_run, p_items, v_nothing, array_fill(0::numeric, array[cardinality(p_items)]),
                                    v_nothing::text[]::date[], 'not in source');
    update tegoed.open_item oi set not_in_source_since = p_on, source_hash = null, settled_amount = oi.settled_amount + coalesce(m.amount, 0)
    from unnest(p_items) w(item_id) left join tegoed.settled_in_run(p_run.id, p_items) m on m.item_id = w.item_id
    where oi.id = w.item_id;
end
$$;

-- Notices whose principals are paid are over; costs that remain ask a person: claim on, or waive.
create function tegoed.settle_notices(p_company int, p_customers bigint[]) returns void
language plpgsql set search_path = pg_catalog, tegoed, pg_temp as $$
begin
    insert into tegoed.action (company_id, customer_id, kind, origin, currency, business_date, due_on, amount, class, counts_as_step,
        cause, explanation)
    select oi.company_id, oi.customer_id, 'task', 'follow_up', oi.currency, d.today, d.today, sum(oi.outstanding), 4, false, 'costs_remain',
           jsonb_build_object('rule', 'costs_remain', 'items', jsonb_agg(oi.document_number))
    from tegoed.open_item oi, (select tegoed.today_of(p_company) as today) d
    where oi.company_id = p_company and oi.customer_id = any (p_customers) and oi.kind in ('cost', 'interest') and oi.outstanding > 0
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
