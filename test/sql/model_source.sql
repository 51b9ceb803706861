--
-- Stored sources: which rows a model is trained from again, what may be stored of them, and as whom they are read.
--
SET client_min_messages = warning; -- progress carries timings
CREATE ROLE regress_source_owner;
CREATE ROLE regress_source_train;
CREATE ROLE regress_source_other;
CREATE SCHEMA sources;
GRANT USAGE, CREATE ON SCHEMA sources TO PUBLIC;
CREATE TABLE sources.reviews AS SELECT i AS id, (ARRAY['good', 'great', 'lovely', 'bad', 'poor', 'awful'])[1 + i % 6] || ' w' || i % 50 AS text,
	CASE WHEN i % 6 < 3 THEN 'pos' ELSE 'neg' END AS label, i % 17 AS number, now() - i * interval '1 hour' AS came_in
FROM generate_series(1, 600) AS i;
ALTER TABLE sources.reviews OWNER TO regress_source_owner;

CREATE FUNCTION pg_temp.error_of(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
	hint text;
BEGIN
	EXECUTE command;
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN SQLSTATE || ': ' || SQLERRM || CASE WHEN detail <> '' THEN E'\nDETAIL: ' || detail ELSE '' END
		|| CASE WHEN hint <> '' THEN E'\nHINT: ' || hint ELSE '' END;
END $$;

--
-- Filters: what may be stored
--
SELECT * FROM sentiment_filter_functions() ORDER BY 1;
SET ROLE regress_source_owner;
CREATE FUNCTION sources.is_ok(value text) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT pg_catalog.length(value) > 2';
CREATE TYPE sources.mood AS ENUM ('pos', 'neg');
CREATE DOMAIN sources.words AS text CHECK (sources.is_ok(VALUE));
CREATE COLLATION sources.other (provider = icu, locale = 'de');
CREATE FUNCTION sources.longer(a text, b int4) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT pg_catalog.length(a) > b';
CREATE OPERATOR sources.>> (FUNCTION = sources.longer, LEFTARG = text, RIGHTARG = int4);
CREATE VIEW sources.typed AS SELECT id, text, label::sources.mood AS label, number, came_in FROM sources.reviews;
RESET ROLE;
SELECT sentiment_train('kept', 'sources.reviews') IS NOT NULL AS trained;
CREATE FUNCTION pg_temp.kept(filter text, source regclass DEFAULT 'sources.reviews') RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.error_of(pg_catalog.format('SELECT sentiment_set_source(%L, %L, filter => %L)', 'kept', source, filter))
$$;
-- simple
SELECT filter, pg_temp.kept(filter) FROM (VALUES
	('id > 5'), ('t.id > 5 AND NOT (number = ANY (ARRAY[1, 2]))'), ($$text LIKE 'good%' OR text ~ 'w[0-9]+$'$$),
	('came_in > now() - interval ''30 days'''), ('came_in::date >= current_date - 100'), ('date_trunc(''day'', came_in) < localtimestamp'),
	('to_char(came_in, ''YYYY'') >= ''2000'''), ('coalesce(label, '''') IN (''pos'', ''neg'')'), ('lower(text) <> upper(text) COLLATE "C"'),
	('CASE WHEN number > 3 THEN true ELSE id IS NOT NULL END'), ('(number, id) > (1, 2)'), ('greatest(number, 3) BETWEEN 3 AND 10'),
	('number::text = ''5'''), ('length(concat(text, label)) > 3 -- a comment'), ('true')) AS f (filter);
-- not simple
SELECT filter, pg_temp.kept(filter) FROM (VALUES
	('sources.is_ok(text)'), ('id IN (SELECT id FROM sources.reviews)'), ('EXISTS (SELECT)'), ('text OPERATOR(sources.>>) 2'),
	('ctid IS NOT NULL'), ('tableoid > 0'), ('t IS NOT NULL'), ('label::sources.mood = ''pos'''), ('text::sources.words <> '''''),
	('text < ''b'' COLLATE sources.other'), ('random() < 0.5'), ('current_user = ''x'''), ('pg_sleep(0) IS NOT NULL'),
	('current_setting(''a.b'', true) IS NULL'), ('clock_timestamp() > came_in'), ('to_tsvector(text) @@ ''a''::tsquery'),
	('query_to_xml(''SELECT 1'', true, true, '''') IS NOT NULL'), ('''sources.reviews''::regclass IS NOT NULL'),
	('nextval(''sources.s'') > 1'), ('xmlelement(name a) IS NOT NULL')) AS f (filter);
SELECT pg_temp.kept('label = ''pos''', 'sources.typed');
-- what a constant is read as would run before anything is looked at
SET ROLE regress_source_owner;
CREATE FUNCTION sources.trap(value int4) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'run as %', current_user; RETURN true; END $$;
CREATE DOMAIN sources.trapped AS int4 CHECK (sources.trap(VALUE));
CREATE TABLE sources.with_trap AS SELECT *, NULL::int4[] AS numbers FROM sources.reviews;
RESET ROLE;
SELECT sentiment_set_source('kept', 'sources.with_trap', filter => 'numbers IS NULL OR numbers = ''{7}''');
SELECT passed FROM sentiment_check_gate('kept', 1) LIMIT 1;
ALTER TABLE sources.with_trap ALTER numbers TYPE sources.trapped[];
SELECT passed, detail FROM sentiment_check_gate('kept', 1) LIMIT 1;
SELECT version FROM sentiment_train('trap', 'sources.reviews', filter => 'id = ANY (''{1,2}''::sources.trapped[]) OR true');
SELECT status, message FROM sentiment_retrain('trap');
SELECT sentiment_drop_model('trap');
-- parameters of the library's own query are not for a filter
SELECT pg_temp.kept('$1 IS NOT NULL');
SELECT pg_temp.error_of($$SELECT sentiment_check_drift('kept', 'sources.reviews', filter => '$1 IS NOT NULL', store => false)$$);
SELECT pg_temp.error_of($$SELECT sentiment_validate('kept', 'sources.reviews', filter => 'EXISTS (SELECT $2)')$$);
-- a setting of the session that changes where a string ends
SET standard_conforming_strings = off;
SET escape_string_warning = off;
SELECT pg_temp.kept($$text <> 'a\') OR (SELECT true) --'$$);
RESET standard_conforming_strings;
RESET escape_string_warning;
SELECT sentiment_set_source('kept', NULL);
-- no filter at all
SELECT pg_temp.kept(filter) FROM (VALUES ('id > 0) OR (true'), ('id > 0; DELETE FROM sources.reviews'), ('count(*) > 1'), ('no_column > 1'),
	('sum(id) OVER () > 1'), ('generate_series(1, 2) > 1'), ('id'), ('')) AS f (filter);
-- simple by the search_path of this session only: by another it would be another function
SET ROLE regress_source_owner;
CREATE FUNCTION sources.lower(value varchar) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT value::text';
RESET ROLE;
SET search_path = sources, pg_catalog, public;
SELECT pg_temp.kept('lower(text::varchar) = text');
RESET search_path;

--
-- Training once with any filter, as the caller
--
SELECT rows_trained + rows_held_out AS rows FROM sentiment_train('once', 'sources.reviews', filter => 'sources.is_ok(text) AND id IN (SELECT id FROM sources.reviews WHERE id <= 300)');
SELECT filter FROM sentiment_model_versions WHERE model = 'once';
SELECT check_name, passed, detail FROM sentiment_check_gate('once', 1) LIMIT 1;
SELECT status, message FROM sentiment_retrain('once');
SELECT pg_temp.error_of($$SELECT sentiment_validate('once')$$);
CREATE VIEW sources.chosen AS SELECT * FROM sources.reviews WHERE sources.is_ok(text) AND id IN (SELECT id FROM sources.reviews WHERE id <= 300);
ALTER VIEW sources.chosen OWNER TO regress_source_owner;
SELECT sentiment_set_source('once', 'sources.chosen');
SELECT check_name, passed FROM sentiment_check_gate('once', 1) LIMIT 1;
SELECT status FROM sentiment_retrain('once');
SELECT source_schema, source_name, filter, rows_trained + rows_held_out AS rows FROM sentiment_model_versions WHERE model = 'once' ORDER BY version;
SELECT sentiment_validate('once') IS NOT NULL AS validated LIMIT 1;
SELECT model, source_schema, source_name, text_column, label_column, filter, numeric_columns, set_by = current_user AS mine FROM sentiment_model_sources WHERE model = 'once';
SELECT sentiment_set_source('once', NULL);
SELECT count(*) FROM sentiment_model_sources WHERE model = 'once';

--
-- Temporary relations are not stored
--
CREATE TEMP TABLE passing AS SELECT * FROM sources.reviews;
CREATE TEMP VIEW passing_by AS SELECT * FROM passing;
SELECT version FROM sentiment_train('passing', 'passing');
SELECT version FROM sentiment_train('passing', 'passing_by', deploy => 'never');
SELECT version, source_schema, source_name FROM sentiment_model_versions WHERE model = 'passing' ORDER BY version;
SELECT check_name, passed, detail FROM sentiment_check_gate('passing', 2) LIMIT 1;
SELECT status, message FROM sentiment_retrain('passing');
SELECT pg_temp.error_of($$SELECT sentiment_set_source('passing', 'passing')$$);
SELECT pg_temp.error_of($$SELECT sentiment_monitor('passing', 'passing_by')$$);
SELECT sentiment_set_source('passing', 'sources.reviews');
SELECT status FROM sentiment_retrain('passing');
SELECT version, source_schema, source_name FROM sentiment_model_versions WHERE model = 'passing' ORDER BY version;

--
-- Numeric columns, arguments, rights
--
SELECT version FROM sentiment_train('numbered', 'sources.reviews', numeric_columns => '{number}');
CREATE VIEW sources.without AS SELECT id, text AS words, label AS mood FROM sources.reviews;
SELECT pg_temp.error_of($$SELECT sentiment_set_source('numbered', 'sources.without', 'words', 'mood')$$);
SELECT sentiment_set_source('numbered', 'sources.without', 'words', 'mood', numeric_columns => '{id}');
SELECT status FROM sentiment_retrain('numbered');
SELECT version, source_name, text_column, label_column, numeric_columns FROM sentiment_model_versions WHERE model = 'numbered' ORDER BY version;
SELECT pg_temp.error_of($$SELECT sentiment_set_source(NULL, 'sources.reviews')$$);
SELECT pg_temp.error_of($$SELECT sentiment_set_source('nothing', 'sources.reviews')$$);
SELECT pg_temp.error_of($$SELECT sentiment_set_source('kept', 'sources.reviews', NULL)$$);
SELECT pg_temp.error_of($$SELECT sentiment_set_source('kept', 'sources.reviews', numeric_columns => '{NULL}')$$);
SELECT pg_temp.error_of($$SELECT sentiment_set_source('kept', 'pg_class')$$);
SET ROLE regress_source_train;
SELECT pg_temp.error_of($$SELECT sentiment_set_source('kept', 'sources.reviews')$$);
RESET ROLE;
SELECT sentiment_grant('kept', 'regress_source_train', 'train');
SELECT sentiment_set_owner('kept', 'regress_source_owner');
SET ROLE regress_source_train;
-- who names a source must be allowed to read it, and so must be the model's owner
SELECT pg_temp.error_of($$SELECT sentiment_set_source('kept', 'sources.reviews')$$);
CREATE TABLE sources.own AS SELECT 'good' AS text, 'pos' AS label;
SELECT pg_temp.error_of($$SELECT sentiment_set_source('kept', 'sources.own')$$);
GRANT SELECT (text) ON sources.own TO regress_source_owner;
SELECT pg_temp.error_of($$SELECT sentiment_set_source('kept', 'sources.own')$$);
GRANT SELECT (label) ON sources.own TO regress_source_owner;
SELECT pg_temp.error_of($$SELECT sentiment_set_source('kept', 'sources.own')$$);
RESET ROLE;
-- a filter must not tell of columns that may not be read
SET ROLE regress_source_owner;
CREATE TABLE sources.partly AS SELECT * FROM sources.reviews;
GRANT SELECT (text, label) ON sources.partly TO regress_source_train;
SET ROLE regress_source_train;
SELECT pg_temp.error_of($$SELECT sentiment_set_source('kept', 'sources.partly', filter => 'number > 5')$$);
SELECT pg_temp.error_of($$SELECT sentiment_set_source('kept', 'sources.partly', filter => 'text > ''a''')$$);
RESET ROLE;
-- a source that the namer, or the owner, may not read any more
REVOKE ALL ON sources.partly FROM regress_source_train;
SELECT status, message FROM sentiment_retrain('kept');
GRANT SELECT ON sources.partly TO regress_source_train;
SELECT status FROM sentiment_retrain('kept');
ALTER TABLE sources.partly OWNER TO regress_source_other;
REVOKE ALL ON sources.partly FROM regress_source_owner;
SELECT status, message FROM sentiment_retrain('kept');

--
-- Row security goes on hiding rows
--
CREATE TABLE sources.secured AS SELECT *, CASE WHEN id <= 200 THEN 'regress_source_owner' ELSE 'somebody' END AS reader FROM sources.reviews;
ALTER TABLE sources.secured ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON sources.secured USING (reader = current_user);
GRANT SELECT ON sources.secured TO regress_source_owner;
SELECT sentiment_set_source('kept', 'sources.secured');
SELECT status FROM sentiment_retrain('kept');
SELECT rows_trained + rows_held_out AS rows, trained_by FROM sentiment_model_versions WHERE model = 'kept' ORDER BY version DESC LIMIT 1;
-- what its owner's policies say would run as the model's owner
ALTER TABLE sources.secured OWNER TO regress_source_other;
SELECT status, message FROM sentiment_retrain('kept');
-- the way out that the hint tells first
CREATE VIEW sources.own_view AS SELECT * FROM sources.secured;
ALTER VIEW sources.own_view OWNER TO regress_source_owner;
SELECT sentiment_set_source('kept', 'sources.own_view');
SELECT status FROM sentiment_retrain('kept');
SELECT rows_trained + rows_held_out AS rows FROM sentiment_model_versions WHERE model = 'kept' ORDER BY version DESC LIMIT 1;
GRANT regress_source_owner TO regress_source_other;
SELECT sentiment_set_source('kept', 'sources.secured');
DROP VIEW sources.own_view;
SELECT status FROM sentiment_retrain('kept');
SELECT rows_trained + rows_held_out AS rows FROM sentiment_model_versions WHERE model = 'kept' ORDER BY version DESC LIMIT 1;
REVOKE regress_source_owner FROM regress_source_other;
ALTER TABLE sources.secured OWNER TO CURRENT_USER;
-- views that tell rows apart by who reads them
CREATE VIEW sources.by_invoker WITH (security_invoker = true) AS SELECT * FROM sources.secured;
CREATE VIEW sources.by_user AS SELECT * FROM sources.reviews WHERE id <= 100 AND current_user = 'regress_source_owner';
CREATE VIEW sources.by_privilege AS SELECT * FROM sources.reviews WHERE has_table_privilege('sources.secured', 'SELECT');
GRANT SELECT ON sources.by_invoker, sources.by_user, sources.by_privilege TO regress_source_owner;
SELECT sentiment_set_source('kept', 'sources.by_invoker');
SELECT status FROM sentiment_retrain('kept');
SELECT sentiment_set_source('kept', 'sources.by_user');
SELECT status FROM sentiment_retrain('kept');
SELECT rows_trained + rows_held_out AS rows FROM sentiment_model_versions WHERE model = 'kept' ORDER BY version DESC LIMIT 2;
ALTER VIEW sources.by_invoker OWNER TO regress_source_other;
ALTER VIEW sources.by_user OWNER TO regress_source_other;
ALTER VIEW sources.by_privilege OWNER TO regress_source_other;
SELECT left(pg_temp.error_of(format($$SELECT sentiment_set_source('kept', %L)$$, v)), 60) FROM unnest('{sources.by_invoker,sources.by_user,sources.by_privilege}'::text[]) AS v;

--
-- Code of who could not act as the reader
--
SET ROLE regress_source_other;
CREATE FUNCTION sources.spy(value text) RETURNS text LANGUAGE plpgsql STABLE AS $$ BEGIN RAISE WARNING 'run as %', current_user; RETURN value; END $$;
CREATE FUNCTION sources.spy_as_definer(value text) RETURNS text LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$ BEGIN RETURN current_user; END $$;
CREATE VIEW sources.inner_simple AS SELECT id, text, upper(label) AS label FROM sources.reviews;
CREATE VIEW sources.inner_spy AS SELECT id, query_to_xml('SELECT 1', true, true, '')::text AS text, label FROM sources.reviews;
GRANT SELECT ON sources.inner_simple, sources.inner_spy TO PUBLIC;
RESET ROLE;
GRANT SELECT ON sources.reviews TO regress_source_other;
SET ROLE regress_source_owner;
CREATE VIEW sources.with_spy AS SELECT id, sources.spy(text) AS text, label FROM sources.reviews;
CREATE VIEW sources.with_definer AS SELECT id, text || sources.spy_as_definer(text) AS text, label FROM sources.reviews;
CREATE VIEW sources.outer_simple AS SELECT * FROM sources.inner_simple;
CREATE VIEW sources.outer_spy AS SELECT * FROM sources.inner_spy;
SELECT v, pg_temp.error_of(format($$SELECT sentiment_set_source('kept', %L)$$, v)) FROM unnest('{sources.with_spy,sources.with_definer,sources.outer_simple,sources.outer_spy}'::text[]) AS v;
-- a function could look a name up that leads to a temporary object of who asks
CREATE TABLE sources.stop_words AS SELECT 'stop' AS word;
SET ROLE regress_source_owner;
CREATE FUNCTION sources.clean(value text) RETURNS text LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN value; END $$;
CREATE VIEW sources.cleaned AS SELECT id, sources.clean(text) AS text, label FROM sources.reviews;
RESET ROLE;
SELECT sentiment_set_source('kept', 'sources.cleaned');
SELECT status FROM sentiment_retrain('kept');
SET ROLE regress_source_train;
CREATE TEMP TABLE stop_words (word text);
SELECT status, message FROM sentiment_retrain('kept');
DROP TABLE stop_words;
SELECT status FROM sentiment_retrain('kept');
RESET ROLE;
-- parts of aggregates, and types of the columns that functions give
SET ROLE regress_source_other;
CREATE FUNCTION sources.add(state text, value text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT value';
CREATE FUNCTION sources.is_word(value text) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE DOMAIN sources.word AS text CHECK (sources.is_word(VALUE));
RESET ROLE;
CREATE AGGREGATE sources.last (text) (SFUNC = sources.add, STYPE = text);
CREATE VIEW sources.aggregated AS SELECT id, sources.last(text) AS text, label FROM sources.reviews GROUP BY id, label;
CREATE VIEW sources.given AS SELECT r.id, w.text::text AS text, r.label FROM sources.reviews AS r, json_to_recordset('[{"text": "good"}]') AS w (text sources.word);
GRANT SELECT ON sources.aggregated, sources.given TO regress_source_owner;
SELECT v, pg_temp.error_of(format($$SELECT sentiment_set_source('kept', %L)$$, v)) FROM unnest('{sources.aggregated,sources.given}'::text[]) AS v;
-- rows that are hidden from who named the source
GRANT SELECT ON sources.secured TO regress_source_train;
ALTER TABLE sources.secured OWNER TO regress_source_owner;
SET ROLE regress_source_train;
SELECT pg_temp.error_of($$SELECT sentiment_set_source('kept', 'sources.secured', filter => 'number > 3')$$);
RESET ROLE;
-- columns that a contract asks of must be readable to its author
SELECT sentiment_set_source('kept', 'sources.reviews');
SET ROLE regress_source_train;
SELECT sentiment_set_contract('kept', '{"ranges": {"number": {"max": 3}}}');
SELECT pg_temp.error_of($$SELECT sentiment_validate('kept')$$);
RESET ROLE;
GRANT SELECT (text, label, number) ON sources.reviews TO regress_source_train;
SET ROLE regress_source_train;
SELECT check_name, severity, detail, example FROM sentiment_validate('kept', check_labels => false);
SELECT sentiment_set_contract('kept', NULL);
RESET ROLE;
-- what a function shows of the current role, it would show of the relation's owner
SET ROLE regress_source_other;
CREATE TABLE sources.others AS SELECT id, text, label, 'secret' || id AS secret FROM sources.reviews;
CREATE FUNCTION sources.is_other() RETURNS bool LANGUAGE sql STABLE AS $$SELECT current_user = 'regress_source_other'$$;
CREATE VIEW sources.masked AS SELECT id, CASE WHEN sources.is_other() THEN secret ELSE text END AS text, label FROM sources.others;
CREATE VIEW sources.plain_view AS SELECT id, text, label FROM sources.others WHERE id::text <> '7' AND ('1' || id)::int4 > 0;
GRANT SELECT ON sources.masked, sources.plain_view TO regress_source_owner, regress_source_train;
RESET ROLE;
SELECT pg_temp.error_of($$SELECT sentiment_set_source('kept', 'sources.masked')$$);
-- an error of a view that shows other rows to others is its owner's; of another view it is everybody's who may read it
CREATE VIEW sources.quoting AS SELECT id, text, label FROM sources.reviews WHERE pg_has_role(current_user, 'regress_source_owner', 'member') AND (label || id)::int4 > 0;
CREATE VIEW sources.quoting_to_all AS SELECT id, text, label FROM sources.reviews WHERE (label || id)::int4 > 0;
ALTER VIEW sources.quoting OWNER TO regress_source_owner;
ALTER VIEW sources.quoting_to_all OWNER TO regress_source_owner;
GRANT SELECT ON sources.quoting, sources.quoting_to_all TO regress_source_train;
SET ROLE regress_source_owner;
SELECT sentiment_set_source('kept', 'sources.quoting');
SET ROLE regress_source_train;
SELECT passed, detail FROM sentiment_check_gate('kept', 1) LIMIT 1;
SET ROLE regress_source_owner;
SELECT passed, detail FROM sentiment_check_gate('kept', 1) LIMIT 1;
SELECT sentiment_set_source('kept', 'sources.quoting_to_all');
SET ROLE regress_source_train;
SELECT passed, detail FROM sentiment_check_gate('kept', 1) LIMIT 1;
RESET ROLE;
-- the caller's settings do not choose rows
CREATE TABLE sources.tenants AS SELECT *, CASE WHEN id <= 200 THEN 'one' ELSE 'two' END AS tenant FROM sources.reviews;
ALTER TABLE sources.tenants ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON sources.tenants USING (tenant = current_setting('app.tenant', true));
GRANT SELECT ON sources.tenants TO regress_source_owner;
SET ROLE regress_source_owner;
SET app.tenant = 'one';
SELECT sentiment_set_source('kept', 'sources.tenants');
SELECT status FROM sentiment_retrain('kept');
SELECT rows_trained + rows_held_out AS rows FROM sentiment_model_versions WHERE model = 'kept' ORDER BY version DESC LIMIT 1;
SET ROLE regress_source_train;
SET app.tenant = 'two';
SELECT status, message FROM sentiment_retrain('kept');
RESET app.tenant;
RESET ROLE;
-- code of others does not run where cursors are open
SELECT sentiment_set_source('kept', 'sources.cleaned');
BEGIN;
DECLARE mine CURSOR FOR SELECT 'secret';
SELECT status, message FROM sentiment_retrain('kept');
ROLLBACK;
SELECT status FROM sentiment_retrain('kept');
-- a filter that meant something else is not used again
SET search_path = sources, pg_catalog, public;
SELECT version FROM sentiment_train('once', 'sources.reviews', filter => 'lower(text::varchar) = text', deploy => 'never');
RESET search_path;
SELECT version, filter, filter_is_kept FROM sentiment.model_version JOIN sentiment.model USING (model_id) WHERE name = 'once' ORDER BY version DESC LIMIT 1;
SELECT passed, detail FROM sentiment_check_gate('once', 3) LIMIT 1;
-- who chooses numeric columns must be allowed to read them, whoever named the source
SET ROLE regress_source_owner;
CREATE TABLE sources.salaries AS SELECT id, text, label, id * 10 AS salary FROM sources.reviews;
SELECT sentiment_set_source('kept', 'sources.salaries');
SET ROLE regress_source_train;
CREATE TABLE sources.bait AS SELECT 1 AS id, ''::text AS text, ''::text AS label, 1 AS salary, now() AS came_in WHERE false;
INSERT INTO sources.bait SELECT i, 'good ' || i % 50, CASE WHEN i % 2 = 0 THEN 'pos' ELSE 'neg' END, i, now() FROM generate_series(1, 100) AS i;
GRANT SELECT ON sources.bait TO regress_source_owner;
SELECT sentiment_monitor('kept', 'sources.bait', numeric_columns => '{salary}');
SELECT status, message FROM sentiment_retrain('kept');
SELECT sentiment_unmonitor('kept');
SELECT kind FROM sentiment_train('kept', 'sources.bait', numeric_columns => '{salary}', deploy => 'always');
SELECT status, message FROM sentiment_retrain('kept');
SELECT passed, detail FROM sentiment_check_gate('kept', (SELECT max(version) FROM sentiment_model_versions WHERE model = 'kept')) LIMIT 1;
SELECT pg_temp.error_of($$SELECT sentiment_validate('kept')$$);
SELECT status, version FROM sentiment_run_pipeline('kept', kinds => '{logistic_regression}');
RESET ROLE;
SELECT sentiment_deploy('kept', 1);
-- what reads no row can run code too: indexes, statistics
SET ROLE regress_source_owner;
CREATE TABLE sources.indexed AS SELECT * FROM sources.reviews;
SELECT sentiment_set_source('kept', 'sources.indexed');
RESET ROLE;
SET ROLE regress_source_other;
CREATE FUNCTION sources.spy_of_index(value text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN value; END $$;
RESET ROLE;
CREATE INDEX ON sources.indexed (sources.spy_of_index(text));
SELECT status, message FROM sentiment_retrain('kept');

DROP SCHEMA sources CASCADE;
SELECT sentiment_drop_model(m) FROM unnest('{kept,once,passing,numbered}'::text[]) AS m;
DELETE FROM sentiment.retraining WHERE model IN ('kept', 'once', 'passing', 'numbered', 'trap');
DELETE FROM sentiment.pipeline_run WHERE model = 'kept';
DROP ROLE regress_source_owner, regress_source_train, regress_source_other;
