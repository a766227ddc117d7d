-- Two companies that mirror each other: 1000 (ours) and 2000 (theirs). Customer n of company c is c + n;
-- what belongs to that customer is c + 10 * n + a small number. Customer 1 is the salesperson's.
do $$
declare
    c int;
    u bigint;
    p bigint;
    d bigint;
begin
    insert into tegoed.station (id, name, login) values (md5('ours')::uuid, 'desk', '{prefix}_worker_login'), (md5('theirs')::uuid, 'server', '{prefix}_theirs_login');
    update tegoed.database_state set paused_at = null;
    foreach c in array array[1000, 2000] loop
        insert into tegoed.company (id, code, name, state, street, city, email, iban, data_as_of, planned_for)
        overriding system value values (c, 'C' || c, 'Company ' || c, 'live', 'Kade 1', 'Delft', 'a@example.nl', 'NL91ABNA0417164300', current_date, current_date);
        insert into tegoed.company_calendar (company_id, day, working, working_no, next_working, previous_working, following_working)
        select c, current_date - 60 + n, true, n, current_date - 60 + n, current_date - 60 + n, current_date - 59 + n from generate_series(0, 600) n;
        insert into tegoed.source_connection (id, company_id, name, format) overriding system value values (c, c, 'books', 'csv');
        insert into tegoed.print_queue (id, company_id, name) overriding system value values (c, c, 'Letterhead');
        insert into tegoed.workflow (id, company_id, code, name) overriding system value values (c, c, 'std', 'Standard');
        insert into tegoed.workflow_version (id, company_id, workflow_id, number, state)
        overriding system value values (c, c, c, 1, 'published'), (c + 1, c, c, 2, 'draft');
        insert into tegoed.workflow_step (version_id, position, company_id, kind, stage, rank, days, template)
        select v, x.* from (values (c), (c + 1)) w(v), (values (1, c, 'email', 'reminder', 10, 7, 'reminder'), (2, c, 'letter', 'notice14', 30, 14, 'notice14')) x;
        insert into tegoed.customer_group (id, company_id, code, name) overriding system value values (c, c, 'g', 'Group');
        insert into tegoed.payment_profile (id, company_id, code, name) overriding system value values (c, c, 'p', 'Profile');
        insert into tegoed.group_profile_workflow (group_id, profile_id, company_id, workflow_id) values (c, c, c, c);
        insert into tegoed.outcome (company_id, code, position, name_nl, name_en, hold_cause, hold_days)
        values (c, 'promise', 1, 'Toezegging', 'Promise', 'promise', 2);
        insert into tegoed.import_run (id, company_id, connection_id, file_name, completeness, data_as_of, state, started_by)
        overriding system value values (c, c, c, 'items.csv', 'additions', current_date, 'open', '{prefix}_' || case c when 1000 then 'collector' else 'theirs' end || '_login'),
            (c + 1, c, c, 'items.csv', 'additions', current_date, 'open', '{prefix}_' || case c when 1000 then 'everyone' else 'theirs' end || '_login');
        insert into tegoed.import_line (run_id, uploaded_by, line_no, place, customer_number, customer_name, document_type, document_number, currency, original_amount, open_amount, invoice_date, due_date, due_estimated)
        select c + r.n, r.by, 1, 'line 1', 'SECRET' || c, 'SECRET' || c, 'invoice', 'F' || c, 'EUR', 10, 10, current_date, current_date, false
        from (select i.id - c, i.started_by from tegoed.import_run i where i.company_id = c) r(n, by);
        insert into tegoed.event (company_id, kind) values (c, 'company.planned');
        for n in 1 .. 2 loop
            u := c + n;
            p := c + 10 * n;
            insert into tegoed.customer (id, company_id, connection_id, number, name, kind, street, postcode, city, email, phone, salesperson_id)
            overriding system value values (u, c, c, u::text, case c when 1000 then u::text else 'SECRET' || u end, 'consumer', 'Gracht 2', '2611AA', 'Delft',
                'klant@example.nl', '+31152000000', case n when 1 then (select id from tegoed.app_user where login = '{prefix}_sales_login') end);
            insert into tegoed.item_renumbering (company_id, customer_id, old_number, new_number) values (c, u, 'old', 'new');
            insert into tegoed.open_item (id, company_id, customer_id, connection_id, source_key, document_number, due_date, invoice_date, original_amount, planning_from, reminded_on)
            overriding system value select p + i, c, u, c, 'id ' || p + i, 'F' || p + i, current_date - 40, current_date - 70, 100, current_date - 40, current_date - 30
            from generate_series(1, 7) i;
            insert into tegoed.movement (company_id, open_item_id, kind, amount, value_date) values (c, p + 1, 'source_settlement', -1, current_date);
            -- 1 by hand, waits for approval; 2 approved and claimed; 3 a printed notice; 4 a charge; 5 a call; 6 failed; 7 to be rendered
            insert into tegoed.action (id, company_id, customer_id, kind, origin, stage, rank, version_id, position, template, state, business_date, due_on, amount, class,
                approval_required, author, explanation, render_token, letter_date, facts, facts_digest)
            overriding system value select p + a.n, c, u, a.kind, a.origin, a.stage, 10, c, 1, 'reminder', a.state, current_date, current_date, 100, 3,
                a.n = 1, case a.n when 1 then '{prefix}_approver_login' end, '{{}}', case a.n when 7 then md5('render' || c)::uuid end, current_date, '{{}}', 'x'
            from (values (1, 'letter', 'by_hand', 'reminder', 'awaiting_approval'), (2, 'email', 'workflow', 'reminder', 'approved'),
                (3, 'letter', 'workflow', 'notice14', 'done'), (4, 'charge', 'workflow', null, 'planned'), (5, 'call', 'workflow', null, 'planned'),
                (6, 'email', 'workflow', 'reminder', 'sending'), (7, 'email', 'workflow', 'reminder', 'planned')) a(n, kind, origin, stage, state);
            insert into tegoed.action_item (action_id, open_item_id, company_id, role, stage, rank, version_id, position, amount, live_step)
            select p + i, p + i, c, 'demand', 'reminder', 10, c, 1, 100, false from generate_series(1, 7) i;
            insert into tegoed.document (id, company_id, sha256, size, media_type) overriding system value values (u, c, 'sha' || n, 6, 'text/plain');
            insert into tegoed.document_chunk (document_id, no, company_id, content) values (u, 0, c, 'SECRET');
            for d in select unnest(array[1, 2, 3, 6, 7]) loop
                insert into tegoed.delivery (id, action_id, company_id, customer_id, channel, state, document_id, sha256, token, lease_until, contact_on, attempted_at, station_id, queue_id)
                overriding system value values (p + d, p + d, c, u, case when d in (1, 3) then 'letter' else 'email' end,
                    (array['waiting', 'claimed', 'done', null, null, 'failed', 'waiting'])[d], u, 'sha', case d when 2 then md5('claim' || c)::uuid end,
                    case d when 2 then now() + interval '1 hour' end, case when d in (3, 6) then current_date end, now(), md5('ours')::uuid, c);
            end loop;
            insert into tegoed.notice (id, company_id, customer_id, action_id, delivery_id, currency, sent_on, last_day, state, principal, fee, vat)
            overriding system value values (p, c, u, p + 3, p + 3, 'EUR', current_date - 30, current_date - 5, 'running', 100, 40, 0);
            update tegoed.open_item set notice_id = p where id = p + 4;
            insert into tegoed.notice_item (notice_id, open_item_id, company_id, principal) values (p, p + 4, c, 100);
            insert into tegoed.step_done (company_id, open_item_id, version_id, position, stage, rank, action_id, at, on_date, written, skipped, reason)
            values (c, p + 3, c, 2, 'notice14', 30, p + 3, now(), current_date - 30, true, false, ''), (c, p + 5, c, 1, 'reminder', 10, p + 5, now(), current_date - 30, true, true, 'by hand');
            insert into tegoed.hold (id, company_id, customer_id, open_item_id, cause, starts) overriding system value values (p, c, u, p + 6, 'manual', current_date - 1);
            insert into tegoed.call_attempt (company_id, customer_id, action_id, at, on_date, outcome, right_party) values (c, u, p + 5, now(), current_date - 2, 'promise', true);
            insert into tegoed.approval (company_id, action_id, decision, sha256) values (c, p + 2, 'approved', 'sha');
            insert into tegoed.letter_reference (action_id, company_id, customer_id, reference) values (p + 3, c, u, 'RF' || p);
            insert into tegoed.event (company_id, customer_id, action_id, kind) values (c, u, p + 2, 'action.approved');
            insert into tegoed.presence (user_id, station_id, customer_id, company_id, kind, expires_at)
            select id, md5('x')::uuid, u, c, 'open', now() + interval '30 seconds' from tegoed.app_user where login = '{prefix}_' || case c when 1000 then 'manager' else 'theirs' end || '_login';
        end loop;
    end loop;
end
$$;
