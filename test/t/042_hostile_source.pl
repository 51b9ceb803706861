# Hostile sources: whatever can run code while a relation is read, read by every use of a stored source. Code of a role runs as that
# role, or as one whose rights it has; where it would run as another, the read is refused, and nothing of it runs.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use HostileTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_hostile_node('hostile_source', "log_error_verbosity = terse\n");
my $connection = sprintf "host '%s', port '%s', dbname 'postgres'", $node->host, $node->port;
my $file = $node->basedir . '/reviews.csv';

# team owns the models; author owns most sources; other owns neither; deputy may act as team; trainer may train, and reads nothing
$node->safe_psql('postgres', qq{
	CREATE EXTENSION pg_cron;
	CREATE EXTENSION file_fdw;
	CREATE EXTENSION postgres_fdw;
	CREATE ROLE team LOGIN;
	CREATE ROLE author LOGIN;
	CREATE ROLE other LOGIN;
	CREATE ROLE deputy LOGIN IN ROLE team;
	CREATE ROLE trainer LOGIN;
	ALTER ROLE trainer SET parallel_setup_cost = 0;
	ALTER ROLE trainer SET parallel_tuple_cost = 0;
	ALTER ROLE trainer SET min_parallel_table_scan_size = 0;
	GRANT USAGE ON SCHEMA cron TO trainer;
	CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
	CREATE SERVER here FOREIGN DATA WRAPPER postgres_fdw OPTIONS ($connection);
	GRANT USAGE ON FOREIGN SERVER files, here TO author, other;
	GRANT pg_read_server_files TO author;
	CREATE USER MAPPING FOR author SERVER here OPTIONS (user 'author', password_required 'false');
	-- the bait: who reads as these is a superuser over there
	CREATE USER MAPPING FOR team SERVER here OPTIONS (user 'postgres', password_required 'false');
	CREATE USER MAPPING FOR postgres SERVER here OPTIONS (user 'postgres', password_required 'false');
} . rows_sql('plain') . qq{
	GRANT SELECT ON plain TO PUBLIC;
	COPY plain TO '$file';
});

# A case: what becomes of the table S.reviews of `owner` after models were trained from it. S is the schema of the owner with the functions
# of hostile_code, O a schema of role other with the same. A step is [role, SQL]. `expect` is what becomes of reads: 'read', 'refused', or
# 'any'; `ran` says whether code must have run ('yes', 'no'); `may` lists what else than "X as X" is right: "X as Y", where X has Y's rights.
my $aside = 'ALTER TABLE S.reviews RENAME TO data';
my $lab = q{CREATE TYPE %1$s.lab AS ENUM ('pos', 'neg');
	CREATE FUNCTION %1$s.lab_text(l %1$s.lab) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN %1$s.touch(enum_out(l)::text); END $$;
	CREATE CAST (%1$s.lab AS text) WITH FUNCTION %1$s.lab_text(%1$s.lab)};
my $domain = q{CREATE DOMAIN %1$s.dom AS text CHECK (%1$s.fine(VALUE))};
# (only a superuser may make these; the functions in them are the role's)
my $opclass = q{CREATE OPERATOR %1$s.<<| (LEFTARG = text, RIGHTARG = text, FUNCTION = %1$s.pair);
	CREATE OPERATOR CLASS %1$s.ops FOR TYPE text USING btree AS OPERATOR 1 %1$s.<<|, OPERATOR 3 pg_catalog.=, FUNCTION 1 %1$s.compare(text, text)};
my $type_ops = q{CREATE TYPE %1$s.both AS (t text);
	CREATE FUNCTION %1$s.both_compare(a %1$s.both, b %1$s.both) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN %1$s.compare(a.t, b.t); END $$;
	CREATE FUNCTION %1$s.both_less(a %1$s.both, b %1$s.both) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN %1$s.pair(a.t, b.t); END $$;
	CREATE FUNCTION %1$s.both_equal(a %1$s.both, b %1$s.both) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN %1$s.compare(a.t, b.t) = 0; END $$;
	CREATE OPERATOR %1$s.< (LEFTARG = %1$s.both, RIGHTARG = %1$s.both, FUNCTION = %1$s.both_less);
	CREATE OPERATOR %1$s.= (LEFTARG = %1$s.both, RIGHTARG = %1$s.both, FUNCTION = %1$s.both_equal)};
my $type_class = q{CREATE OPERATOR CLASS %1$s.both_ops DEFAULT FOR TYPE %1$s.both USING btree AS OPERATOR 1 %1$s.<, OPERATOR 3 %1$s.=, FUNCTION 1 %1$s.both_compare(%1$s.both, %1$s.both)};
my $json = q{CREATE FUNCTION %1$s.both_json(b %1$s.both) RETURNS json LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN to_json(%1$s.touch(b.t)); END $$;
	CREATE CAST (%1$s.both AS json) WITH FUNCTION %1$s.both_json(%1$s.both)};
my $own = sub { sprintf $_[0], 'S' };
my $of_other = sub { sprintf $_[0], 'O' };
my @cases = (
	# ---- views
	{ name => 'view', expect => 'read', ran => 'yes',
		steps => [ [ owner => "$aside; CREATE VIEW S.reviews AS SELECT id, S.touch(text) AS text, label FROM S.data" ] ] },
	# (in parallel workers, see the settings of trainer)
	{ name => 'view_parallel', expect => 'read', ran => 'yes',
		steps => [ [ owner => "$aside; ALTER FUNCTION S.touch PARALLEL SAFE; CREATE VIEW S.reviews AS SELECT id, S.touch(text) AS text, label FROM S.data" ] ] },
	{ name => 'view_other', expect => 'refused',
		steps => [ [ owner => "$aside; CREATE VIEW S.reviews AS SELECT id, O.touch(text) AS text, label FROM S.data" ] ] },
	{ name => 'view_other_where', expect => 'refused',
		steps => [ [ owner => "$aside; CREATE VIEW S.reviews AS SELECT id, text, label FROM S.data WHERE O.fine(text)" ] ] },
	{ name => 'view_other_sublink', expect => 'refused',
		steps => [ [ owner => "$aside; CREATE VIEW S.reviews AS SELECT id, text, label FROM S.data WHERE EXISTS (SELECT FROM plain AS p WHERE O.fine(p.text))" ] ] },
	{ name => 'view_other_cte', expect => 'refused',
		steps => [ [ owner => "$aside; CREATE VIEW S.reviews AS WITH c AS MATERIALIZED (SELECT id, O.touch(text) AS text, label FROM S.data) SELECT * FROM c" ] ] },
	{ name => 'view_other_lateral', expect => 'refused',
		steps => [ [ owner => "$aside; CREATE VIEW S.reviews AS SELECT id, f AS text, label FROM S.data, LATERAL O.touch(text) AS f" ] ] },
	{ name => 'view_other_limit', expect => 'refused',
		steps => [ [ owner => "$aside; CREATE VIEW S.reviews AS SELECT id, text, label FROM S.data LIMIT O.number(72)" ] ] },
	{ name => 'view_other_join', expect => 'refused',
		steps => [ [ owner => "$aside; CREATE VIEW S.reviews AS SELECT a.id, a.text, a.label FROM S.data AS a LEFT JOIN plain AS b ON b.id = a.id AND O.fine(b.text)" ] ] },
	{ name => 'view_other_union', expect => 'refused',
		steps => [ [ owner => "$aside; CREATE VIEW S.reviews AS SELECT id, text, label FROM S.data UNION ALL SELECT id, O.touch(text), label FROM plain WHERE id < 3" ] ] },
	{ name => 'view_barrier', expect => 'read', ran => 'yes',
		steps => [ [ owner => "$aside; CREATE VIEW S.reviews WITH (security_barrier) AS SELECT id, S.touch(text) AS text, label FROM S.data" ] ] },
	{ name => 'view_invoker', expect => 'refused', minimum => 150000,
		steps => [ [ owner => "$aside; CREATE VIEW S.reviews WITH (security_invoker) AS SELECT id, S.touch(text) AS text, label FROM S.data; GRANT SELECT ON S.data TO team" ] ] },
	{ name => 'view_current_user', expect => 'refused',
		steps => [ [ owner => "$aside; CREATE VIEW S.reviews AS SELECT id, S.touch(text) AS text, label FROM S.data WHERE current_user <> 'nobody'" ] ] },
	{ name => 'view_operator', expect => 'read', ran => 'yes',
		steps => [ [ owner => "$aside; CREATE OPERATOR S.~~~ (LEFTARG = text, RIGHTARG = text, FUNCTION = S.join);
			CREATE VIEW S.reviews AS SELECT id, text OPERATOR(S.~~~) '' AS text, label FROM S.data" ] ] },
	{ name => 'view_operator_other', expect => 'refused',
		steps => [ [ other => 'CREATE OPERATOR O.~~~ (LEFTARG = text, RIGHTARG = text, FUNCTION = O.join)' ],
			[ owner => "$aside; CREATE VIEW S.reviews AS SELECT id, text OPERATOR(O.~~~) '' AS text, label FROM S.data" ] ] },
	{ name => 'view_aggregate_other', expect => 'refused',
		steps => [ [ other => 'CREATE AGGREGATE O.all_of(text) (SFUNC = O.join, STYPE = text)' ],
			[ owner => "$aside; CREATE VIEW S.reviews AS SELECT id, O.all_of(text) AS text, label FROM S.data GROUP BY id, label" ] ] },
	# the aggregate is the owner's own; the function that it is made of is not
	{ name => 'view_aggregate_of_other', expect => 'refused',
		steps => [ [ owner => "$aside; CREATE AGGREGATE S.all_of(text) (SFUNC = O.join, STYPE = text);
			CREATE VIEW S.reviews AS SELECT id, S.all_of(text) AS text, label FROM S.data GROUP BY id, label" ] ] },
	{ name => 'view_window_other', expect => 'refused',
		steps => [ [ other => 'CREATE AGGREGATE O.all_of(text) (SFUNC = O.join, STYPE = text)' ],
			[ owner => "$aside; CREATE VIEW S.reviews AS SELECT id, O.all_of(text) OVER (PARTITION BY id) AS text, label FROM S.data" ] ] },
	{ name => 'view_inlined', expect => 'read', ran => 'yes',
		steps => [ [ owner => "$aside; CREATE FUNCTION S.inlined(t text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT S.touch(t)';
			CREATE VIEW S.reviews AS SELECT id, S.inlined(text) AS text, label FROM S.data" ] ] },
	{ name => 'nested_other', expect => 'refused',
		steps => [ [ other => 'CREATE VIEW O.inner AS SELECT id, O.touch(text) AS text, label FROM plain; GRANT SELECT ON O.inner TO owner' ],
			[ owner => "$aside; CREATE VIEW S.reviews AS SELECT * FROM O.inner" ] ] },
	{ name => 'nested_plain', expect => 'read',
		steps => [ [ other => 'CREATE VIEW O.inner AS SELECT id, text, label FROM plain; GRANT SELECT ON O.inner TO owner' ],
			[ owner => "$aside; CREATE VIEW S.reviews AS SELECT * FROM O.inner" ] ] },
	{ name => 'nested_invoker', expect => 'any', minimum => 150000,
		steps => [ [ owner => "$aside; CREATE VIEW S.inner WITH (security_invoker) AS SELECT id, S.touch(text) AS text, label FROM S.data;
			CREATE VIEW S.reviews AS SELECT * FROM S.inner" ] ] },
	{ name => 'nested_policy_other', expect => 'refused',
		steps => [ [ other => 'CREATE TABLE O.inner AS SELECT id, text, label FROM plain; GRANT SELECT ON O.inner TO owner; ALTER TABLE O.inner ENABLE ROW LEVEL SECURITY;
			CREATE POLICY p ON O.inner USING (O.fine(text))' ], [ owner => "$aside; CREATE VIEW S.reviews AS SELECT * FROM O.inner" ] ] },
	{ name => 'materialized', expect => 'read', ran => 'no',
		steps => [ [ owner => "$aside; CREATE MATERIALIZED VIEW S.reviews AS SELECT id, S.touch(text) AS text, label FROM S.data" ] ] },
	{ name => 'rule', expect => 'read', ran => 'yes', maximum => 160000,
		steps => [ [ owner => "$aside; CREATE TABLE S.reviews (id int, text text, label text);
			CREATE RULE \"_RETURN\" AS ON SELECT TO S.reviews DO INSTEAD SELECT id, S.touch(text) AS text, label FROM S.data" ] ] },
	{ name => 'rule_other', expect => 'refused', maximum => 160000,
		steps => [ [ owner => "$aside; CREATE TABLE S.reviews (id int, text text, label text);
			CREATE RULE \"_RETURN\" AS ON SELECT TO S.reviews DO INSTEAD SELECT id, O.touch(text) AS text, label FROM S.data" ] ] },
	# ---- whose the relation is
	{ name => 'view_of_team', owner => 'team', expect => 'read', ran => 'yes',
		steps => [ [ owner => "$aside; CREATE VIEW S.reviews AS SELECT id, S.touch(text) AS text, label FROM S.data" ] ] },
	{ name => 'view_of_team_other', owner => 'team', expect => 'refused',
		steps => [ [ owner => "$aside; CREATE VIEW S.reviews AS SELECT id, O.touch(text) AS text, label FROM S.data" ] ] },
	{ name => 'view_of_superuser_other', owner => 'postgres', expect => 'refused',
		steps => [ [ owner => "$aside; CREATE VIEW S.reviews AS SELECT id, O.touch(text) AS text, label FROM S.data" ] ] },
	{ name => 'view_of_deputy', owner => 'deputy', expect => 'read', ran => 'yes',
		steps => [ [ owner => "$aside; CREATE VIEW S.reviews AS SELECT id, S.touch(text) AS text, label FROM S.data" ] ] },
	{ name => 'view_of_deputy_current_user', owner => 'deputy', expect => 'any', may => [ 'deputy ran as team' ],
		steps => [ [ owner => "$aside; CREATE VIEW S.reviews AS SELECT id, S.touch(text) AS text, label FROM S.data WHERE current_user <> 'nobody'" ] ] },
	{ name => 'owner_changed', expect => 'read', ran => 'yes',
		steps => [ [ postgres => "$aside; GRANT CREATE ON SCHEMA S TO other; GRANT SELECT ON S.data TO other" ],
			[ other => 'CREATE VIEW S.reviews AS SELECT id, O.touch(text) AS text, label FROM S.data; GRANT SELECT ON S.reviews TO team' ] ] },
	# a view that was the owner's goes to another role, the functions stay
	{ name => 'owner_given', expect => 'refused',
		steps => [ [ owner => "$aside; CREATE VIEW S.reviews AS SELECT id, S.touch(text) AS text, label FROM S.data; GRANT SELECT ON S.data TO other" ],
			[ postgres => 'ALTER VIEW S.reviews OWNER TO other' ] ] },
	# ---- types of columns
	{ name => 'cast', expect => 'read', ran => 'yes', steps => [ [ owner => $own->($lab) . '; ALTER TABLE S.reviews ALTER label TYPE S.lab USING label::S.lab' ] ] },
	{ name => 'cast_other', expect => 'refused',
		steps => [ [ other => $of_other->($lab) ], [ owner => 'ALTER TABLE S.reviews ALTER label TYPE O.lab USING label::O.lab' ] ] },
	# the type is the owner's, and goes to another role with its cast
	{ name => 'cast_given', expect => 'any', steps => [ [ owner => $own->($lab) . '; ALTER TABLE S.reviews ALTER label TYPE S.lab USING label::S.lab' ],
			[ postgres => 'ALTER TYPE S.lab OWNER TO other' ] ] },
	{ name => 'cast_composite_other', expect => 'refused',
		steps => [ [ other => 'CREATE TYPE O.both AS (t text);
				CREATE FUNCTION O.both_text(b O.both) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN O.touch(b.t); END $$; CREATE CAST (O.both AS text) WITH FUNCTION O.both_text(O.both)' ],
			[ owner => 'ALTER TABLE S.reviews ALTER text TYPE O.both USING ROW(text)::O.both' ] ] },
	{ name => 'cast_domain_other', expect => 'refused',
		steps => [ [ other => $of_other->($lab) . '; CREATE DOMAIN O.lab_domain AS O.lab' ], [ owner => 'ALTER TABLE S.reviews ALTER label TYPE O.lab_domain USING label::O.lab' ] ] },
	{ name => 'domain', expect => 'read', ran => 'yes', steps => [ [ owner => $own->($domain) . "; $aside; CREATE VIEW S.reviews AS SELECT id, text::S.dom AS text, label FROM S.data" ] ] },
	{ name => 'domain_other', expect => 'refused',
		steps => [ [ other => $of_other->($domain) ], [ owner => "$aside; CREATE VIEW S.reviews AS SELECT id, text::O.dom AS text, label FROM S.data" ] ] },
	{ name => 'domain_over_domain_other', expect => 'refused',
		steps => [ [ other => $of_other->($domain) ], [ owner => "$aside; CREATE DOMAIN S.dom AS O.dom; CREATE VIEW S.reviews AS SELECT id, text::S.dom AS text, label FROM S.data" ] ] },
	{ name => 'domain_column_other', expect => 'any', ran => 'no',
		steps => [ [ other => $of_other->($domain) ], [ owner => 'ALTER TABLE S.reviews ALTER text TYPE O.dom' ] ] },
	{ name => 'domain_array_other', expect => 'refused',
		steps => [ [ other => $of_other->($domain) ], [ owner => "$aside; CREATE VIEW S.reviews AS SELECT id, (ARRAY[text]::O.dom[])[1]::text AS text, label FROM S.data" ] ] },
	{ name => 'domain_record_other', expect => 'refused',
		steps => [ [ other => $of_other->($domain) . '; CREATE TYPE O.holder AS (text O.dom)' ],
			[ owner => "$aside; CREATE VIEW S.reviews AS SELECT id, (json_populate_record(NULL::O.holder, json_build_object('text', text))).text AS text, label FROM S.data" ] ] },
	# ---- columns of the filter and of the monitor's window, which implicit casts make what the filter compares
	(map { { name => "filter_cast$_->[0]", expect => 'refused', steps => [ [ $_->[1] => "CREATE TYPE $_->[2].num AS (i int);
				CREATE FUNCTION $_->[2].num_int(v $_->[2].num) RETURNS int LANGUAGE plpgsql IMMUTABLE AS \$\$ BEGIN RETURN $_->[2].number(v.i); END \$\$;
				CREATE CAST ($_->[2].num AS int) WITH FUNCTION $_->[2].num_int($_->[2].num) AS IMPLICIT" ],
			[ owner => "ALTER TABLE S.reviews ALTER id TYPE $_->[2].num USING ROW(id)::$_->[2].num" ] ] } } [ '', 'owner', 'S' ], [ '_other', 'other', 'O' ]),
	(map { { name => "window_cast$_->[0]", expect => 'any', first => 'ALTER TABLE S.reviews ADD came_in timestamptz DEFAULT now()', monitor => "time_column => 'came_in', training_period => '9 days'",
			steps => [ [ $_->[1] => "CREATE TYPE $_->[2].moment AS (i int, m timestamptz);
				CREATE FUNCTION $_->[2].moment_of(v $_->[2].moment) RETURNS timestamptz LANGUAGE plpgsql IMMUTABLE AS \$\$ BEGIN PERFORM $_->[2].number(v.i); RETURN v.m; END \$\$;
				CREATE CAST ($_->[2].moment AS timestamptz) WITH FUNCTION $_->[2].moment_of($_->[2].moment) AS IMPLICIT" ],
			[ owner => "ALTER TABLE S.reviews ALTER came_in DROP DEFAULT, ALTER came_in TYPE $_->[2].moment USING ROW(1, came_in)::$_->[2].moment" ] ] } } [ '', 'owner', 'S' ], [ '_other', 'other', 'O' ]),
	# ---- what belongs to a table
	{ name => 'generated', expect => 'read', ran => 'no',
		steps => [ [ owner => "$aside; CREATE TABLE S.reviews (id int, raw text, label text, n int, text text GENERATED ALWAYS AS (S.same(raw)) STORED);
			INSERT INTO S.reviews SELECT id, text, label, n FROM S.data" ] ] },
	{ name => 'default_and_trigger', expect => 'read', ran => 'no',
		steps => [ [ owner => "ALTER TABLE S.reviews ALTER text SET DEFAULT S.touch('x');
			CREATE FUNCTION S.fired() RETURNS trigger LANGUAGE plpgsql IMMUTABLE AS \$\$ BEGIN PERFORM S.touch('x'); RETURN NEW; END \$\$;
			CREATE TRIGGER t BEFORE INSERT OR UPDATE OR DELETE ON S.reviews FOR EACH ROW EXECUTE FUNCTION S.fired();
			CREATE RULE r AS ON INSERT TO S.reviews DO ALSO SELECT S.touch('x')" ] ] },
	{ name => 'policy', expect => 'refused', steps => [ [ owner => 'ALTER TABLE S.reviews ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON S.reviews USING (S.fine(text))' ] ] },
	{ name => 'policy_forced', expect => 'refused',
		steps => [ [ owner => 'ALTER TABLE S.reviews ENABLE ROW LEVEL SECURITY; ALTER TABLE S.reviews FORCE ROW LEVEL SECURITY; CREATE POLICY p ON S.reviews USING (S.fine(text))' ] ] },
	{ name => 'policy_of_deputy', owner => 'deputy', expect => 'read', ran => 'yes', may => [ 'deputy ran as team' ],
		steps => [ [ owner => 'ALTER TABLE S.reviews ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON S.reviews USING (S.fine(text))' ] ] },
	{ name => 'policy_of_superuser_other', owner => 'postgres', expect => 'refused',
		steps => [ [ owner => 'ALTER TABLE S.reviews ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON S.reviews USING (O.fine(text))' ] ] },
	{ name => 'index_expression', expect => 'read', steps => [ [ owner => 'CREATE INDEX ON S.reviews (S.number(7), id); CREATE INDEX ON S.reviews (id) WHERE S.fine(\'x\')' ] ] },
	{ name => 'index_expression_other', expect => 'refused', steps => [ [ owner => 'CREATE INDEX ON S.reviews (O.number(7), id)' ] ] },
	{ name => 'index_predicate_other', expect => 'refused', steps => [ [ owner => 'CREATE INDEX ON S.reviews (id) WHERE O.fine(\'x\')' ] ] },
	{ name => 'index_below_view_other', expect => 'refused',
		steps => [ [ owner => "CREATE INDEX ON S.reviews (id) WHERE O.fine('x'); $aside; CREATE VIEW S.reviews AS SELECT id, text, label FROM S.data" ] ] },
	{ name => 'statistics', expect => 'read', steps => [ [ owner => 'CREATE STATISTICS S.st ON (S.number(7)), (S.number(id)) FROM S.reviews; ANALYZE S.reviews' ] ] },
	{ name => 'statistics_other', expect => 'refused', steps => [ [ owner => 'CREATE STATISTICS S.st ON (O.number(7)), (O.number(id)) FROM S.reviews; ANALYZE S.reviews' ] ] },
	{ name => 'opclass', expect => 'read', ran => 'yes', steps => [ [ postgres => $own->($opclass) ],
			[ owner => "$aside; CREATE VIEW S.reviews AS SELECT id, text, label FROM S.data ORDER BY text USING OPERATOR(S.<<|)" ] ] },
	{ name => 'opclass_other', expect => 'refused', steps => [ [ postgres => $of_other->($opclass) ],
			[ owner => "$aside; CREATE VIEW S.reviews AS SELECT id, text, label FROM S.data ORDER BY text USING OPERATOR(O.<<|)" ] ] },
	{ name => 'opclass_index_other', expect => 'any', ran => 'no', steps => [ [ postgres => $of_other->($opclass) ], [ owner => 'CREATE INDEX ON S.reviews (text O.ops)' ] ] },
	# a row type of another role, with operators and a default operator class: what compares it, and what makes JSON of it
	(map { { name => "type_$_->[0]_other", expect => 'refused', steps => [ [ other => $of_other->("$type_ops; $json") . '; GRANT USAGE ON TYPE O.both TO PUBLIC' ],
				[ postgres => $of_other->($type_class) ],
				[ owner => "$aside; CREATE VIEW S.reviews AS SELECT $_->[1] FROM (SELECT ROW(text)::O.both AS b, label, id FROM S.data) AS s $_->[2]" ] ] } }
		  [ distinct => 'DISTINCT b, (b).t AS text, label, id', '' ], [ group => '(b).t AS text, min(label) AS label, min(id) AS id', 'GROUP BY b' ],
		  [ order => '(b).t AS text, label, id', 'ORDER BY b' ], [ window => '(b).t AS text, label, rank() OVER (ORDER BY b)::int AS id', '' ],
		  [ row => '(b).t AS text, label, id', 'WHERE ROW(b, 2) >= ROW(b, 1)' ],
		  [ greatest => '(greatest(b, b)).t AS text, label, id', '' ],
		  [ nullif => '(nullif(b, NULL)).t AS text, label, id', '' ],
		  [ array => '(b).t AS text, label, id', 'WHERE ARRAY[b] <= ARRAY[b, b]' ],
		  [ any => '(b).t AS text, label, id', 'WHERE b OPERATOR(O.=) ANY (ARRAY[b])' ],
		  [ record => '(b).t AS text, label, id', 'WHERE ROW(b)::record = ROW(b)::record' ],
		  [ in => '(b).t AS text, label, id', 'WHERE ROW(b) IN (SELECT ROW(b))' ],
		  [ union => '(u.b).t AS text, label, id', ', LATERAL (SELECT s.b UNION SELECT s.b) AS u' ],
		  [ aggregate => '(array_agg(DISTINCT b))[1].t AS text, label, id', 'GROUP BY label, id' ],
		  [ json => "(to_json(b) #>> '{}') AS text, label, id", '' ],
		  [ json_in_row => "(row_to_json(ROW(b)) ->> 'f1') AS text, label, id", '' ]),
	{ name => 'type_of_owner', expect => 'read', ran => 'yes', steps => [ [ owner => $own->("$type_ops; $json") ], [ postgres => $own->($type_class) ],
			[ owner => "$aside; CREATE VIEW S.reviews AS SELECT (b).t AS text, label, id FROM (SELECT DISTINCT ROW(text)::S.both AS b, label, id FROM S.data) AS s WHERE greatest(b, b) IS NOT NULL" ] ] },
	{ name => 'range_other', expect => 'refused', steps => [ [ other => $of_other->($type_ops) ], [ postgres => $of_other->($type_class) ],
			[ other => 'CREATE TYPE O.span AS RANGE (SUBTYPE = O.both)' ],
			[ owner => "$aside; CREATE VIEW S.reviews AS SELECT id, text, label FROM S.data WHERE NOT isempty(O.span(ROW(text)::O.both, ROW('zz')::O.both))" ] ] },
	# the planner makes the negator of NOT (a op b), and the commutator where it likes; whoever makes these owns both, for a while
	{ name => 'negator_other', expect => 'any', steps => [ [ owner => "$aside; CREATE OPERATOR S.=== (LEFTARG = text, RIGHTARG = text, FUNCTION = S.pair);
			CREATE FUNCTION S.away(a text, b text) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT a <> b';
			CREATE OPERATOR S.!== (LEFTARG = text, RIGHTARG = text, FUNCTION = S.away, NEGATOR = OPERATOR(S.===));
			CREATE VIEW S.reviews AS SELECT id, text, label FROM S.data WHERE NOT (text OPERATOR(S.===) 'zz')" ],
			[ postgres => 'ALTER FUNCTION S.away OWNER TO other; GRANT CREATE ON SCHEMA S TO other' ],
			[ other => 'CREATE OR REPLACE FUNCTION S.away(a text, b text) RETURNS bool LANGUAGE sql IMMUTABLE AS $$SELECT O.pair(a, b)$$' ] ] },
	# (its owner can make it one of the invoker at any time)
	{ name => 'definer_other', expect => 'refused', ran => 'no', steps => [ [ other => 'CREATE FUNCTION O.definer(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE SECURITY DEFINER AS $$ BEGIN RETURN O.touch(t); END $$' ],
			[ owner => "$aside; CREATE VIEW S.reviews AS SELECT id, O.definer(text) AS text, label FROM S.data" ] ] },
	# ---- children (the planner does not look at their CHECK constraints)
	{ name => 'child', expect => 'read', steps => [ [ owner => "CREATE TABLE S.child (CHECK (S.fine('x'))) INHERITS (S.reviews); CREATE INDEX ON S.child (id) WHERE S.fine('x')" ] ] },
	{ name => 'child_check_other', expect => 'read', ran => 'no', steps => [ [ owner => 'CREATE TABLE S.child () INHERITS (S.reviews)' ],
			[ postgres => 'ALTER TABLE S.child OWNER TO other' ], [ other => "ALTER TABLE S.child ADD CHECK (O.fine('x'))" ] ] },
	{ name => 'child_index_other', expect => 'refused', steps => [ [ owner => 'CREATE TABLE S.child () INHERITS (S.reviews)' ],
			[ postgres => 'ALTER TABLE S.child OWNER TO other; GRANT CREATE ON SCHEMA S TO other' ], [ other => "CREATE INDEX ON S.child (id) WHERE O.fine('x')" ] ] },
	{ name => 'grandchild_check_other', expect => 'read', ran => 'no', steps => [ [ owner => 'CREATE TABLE S.child () INHERITS (S.reviews); CREATE TABLE S.grandchild () INHERITS (S.child)' ],
			[ postgres => 'ALTER TABLE S.grandchild OWNER TO other' ], [ other => "ALTER TABLE S.grandchild ADD CHECK (O.fine('x'))" ] ] },
	{ name => 'partition_key', expect => 'read', steps => [ [ owner => "$aside; CREATE TABLE S.reviews (LIKE S.data) PARTITION BY LIST ((S.same('') || label));
			CREATE TABLE S.p1 PARTITION OF S.reviews FOR VALUES IN ('pos'); CREATE TABLE S.p2 PARTITION OF S.reviews DEFAULT; INSERT INTO S.reviews SELECT * FROM S.data" ] ] },
	{ name => 'partition_key_other', expect => 'refused', steps => [ [ owner => "$aside; CREATE TABLE S.reviews (LIKE S.data) PARTITION BY LIST ((O.same('') || label));
			CREATE TABLE S.p1 PARTITION OF S.reviews FOR VALUES IN ('pos'); CREATE TABLE S.p2 PARTITION OF S.reviews DEFAULT; INSERT INTO S.reviews SELECT * FROM S.data" ] ] },
	{ name => 'partition_index_other', expect => 'refused', steps => [ [ owner => "$aside; CREATE TABLE S.reviews (LIKE S.data) PARTITION BY LIST (label);
			CREATE TABLE S.p1 PARTITION OF S.reviews FOR VALUES IN ('pos'); CREATE TABLE S.p2 PARTITION OF S.reviews DEFAULT; INSERT INTO S.reviews SELECT * FROM S.data" ],
			[ postgres => 'ALTER TABLE S.p2 OWNER TO other; GRANT CREATE ON SCHEMA S TO other' ], [ other => "CREATE INDEX ON S.p2 (id) WHERE O.fine('x')" ] ] },
	{ name => 'partition_plain_other', expect => 'read', steps => [ [ owner => "$aside; CREATE TABLE S.reviews (LIKE S.data) PARTITION BY LIST (label);
			CREATE TABLE S.p1 PARTITION OF S.reviews FOR VALUES IN ('pos'); CREATE TABLE S.p2 PARTITION OF S.reviews DEFAULT; INSERT INTO S.reviews SELECT * FROM S.data" ],
			[ postgres => 'ALTER TABLE S.p2 OWNER TO other' ] ] },
	# ---- foreign tables: a domain checks what a file holds; and another server (this one) is asked with the mapping of who reads
	{ name => 'foreign_file', expect => 'read', ran => 'yes', steps => [ [ owner => $own->($domain) . "; $aside;
			CREATE FOREIGN TABLE S.reviews (id int, text S.dom, label text, n int) SERVER files OPTIONS (filename '$file')" ] ] },
	{ name => 'foreign_file_other', expect => 'refused', steps => [ [ other => $of_other->($domain) ], [ owner => "$aside;
			CREATE FOREIGN TABLE S.reviews (id int, text O.dom, label text, n int) SERVER files OPTIONS (filename '$file')" ] ] },
	{ name => 'foreign_child_other', expect => 'refused', ran => 'no', steps => [ [ other => $of_other->($domain) ],
			[ owner => "CREATE FOREIGN TABLE S.child (id int, text text, label text, n int) INHERITS (S.reviews) SERVER files OPTIONS (filename '$file')" ],
			[ postgres => "ALTER FOREIGN TABLE S.child OWNER TO other" ], [ other => "ALTER FOREIGN TABLE S.child ADD CHECK (O.fine('x'))" ] ] },
	{ name => 'foreign_server', expect => 'read', ran => 'yes', steps => [ [ owner => "$aside; CREATE VIEW S.remote AS SELECT id, S.touch(text) AS text, label FROM S.data; GRANT SELECT ON S.remote TO postgres;
			CREATE FOREIGN TABLE S.reviews (id int, text text, label text) SERVER here OPTIONS (schema_name 'S', table_name 'remote')" ] ] },
	# ---- ways out of the read
	{ name => 'escape', expect => 'any', steps => [ [ owner => $aside . q{;
			CREATE FUNCTION S.escape(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
			DECLARE
				attempt text;
			BEGIN
				FOREACH attempt IN ARRAY ARRAY['RESET ROLE', 'RESET SESSION AUTHORIZATION', 'SET ROLE team', 'SET ROLE postgres', 'SET SESSION AUTHORIZATION postgres',
						'SET LOCAL session_authorization = DEFAULT', 'CREATE TEMP TABLE plain (id int)', 'SET search_path = S, pg_catalog', 'ALTER ROLE author SUPERUSER'] LOOP
					BEGIN
						EXECUTE attempt;
						PERFORM S.touch(t);
					EXCEPTION WHEN OTHERS THEN
						NULL;
					END;
				END LOOP;
				RETURN S.touch(t);
			END $$;
			CREATE VIEW S.reviews AS SELECT id, CASE WHEN id < 4 THEN S.escape(text) ELSE text END AS text, label FROM S.data} ] ] },
	# what is put off until the commit would run as the caller
	{ name => 'deferred_trigger', expect => 'any', steps => [ [ owner => $aside . q{;
			CREATE TABLE S.queue (t text);
			CREATE FUNCTION S.fired() RETURNS trigger LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM S.touch('x'); RETURN NEW; END $$;
			CREATE CONSTRAINT TRIGGER t AFTER INSERT ON S.queue DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION S.fired();
			CREATE FUNCTION S.later(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN INSERT INTO S.queue VALUES (t); RETURN t; EXCEPTION WHEN OTHERS THEN RETURN t; END $$;
			CREATE VIEW S.reviews AS SELECT id, CASE WHEN id < 4 THEN S.later(text) ELSE text END AS text, label FROM S.data} ] ] },
	{ name => 'deferred_foreign_key', expect => 'any', steps => [ [ owner => $aside . q{;
			CREATE DOMAIN S.key AS text CHECK (S.fine(VALUE));
			CREATE TABLE S.keys (t S.key PRIMARY KEY);
			CREATE TABLE S.queue (t S.key REFERENCES S.keys DEFERRABLE INITIALLY DEFERRED);
			CREATE FUNCTION S.later(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN INSERT INTO S.keys VALUES (t) ON CONFLICT DO NOTHING; INSERT INTO S.queue VALUES (t); RETURN t; EXCEPTION WHEN OTHERS THEN RETURN t; END $$;
			CREATE VIEW S.reviews AS SELECT id, CASE WHEN id < 4 THEN S.later(text) ELSE text END AS text, label FROM S.data} ] ] },
	{ name => 'held_cursor', expect => 'any', steps => [ [ owner => $aside . q{;
			CREATE FUNCTION S.later(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN EXECUTE format('DECLARE c%s CURSOR WITH HOLD FOR SELECT S.touch(''x'')', md5(t)); RETURN t; EXCEPTION WHEN OTHERS THEN RETURN t; END $$;
			CREATE VIEW S.reviews AS SELECT id, CASE WHEN id < 4 THEN S.later(text) ELSE text END AS text, label FROM S.data} ] ] },
	{ name => 'maintenance', expect => 'any', steps => [ [ owner => $aside . q{;
			CREATE INDEX ON S.data (S.number(id));
			CREATE MATERIALIZED VIEW S.kept AS SELECT S.touch('x');
			CREATE FUNCTION S.tend(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN
				EXECUTE 'REFRESH MATERIALIZED VIEW S.kept'; EXECUTE 'ANALYZE S.data'; RETURN t; EXCEPTION WHEN OTHERS THEN RETURN t; END $$;
			CREATE VIEW S.reviews AS SELECT id, CASE WHEN id < 3 THEN S.tend(text) ELSE text END AS text, label FROM S.data} ] ] },
);
my $version = $node->safe_psql('postgres', 'SHOW server_version_num');
@cases = grep { $version >= ($_->{minimum} // 0) && $version < ($_->{maximum} // 999999) } @cases;

# SQL of a case with its schemas and its owner in it.
sub fill
{
	my ($case, $sql) = @_;
	$sql =~ s/\bS\b/s_$case->{name}/g;
	$sql =~ s/\bO\b/o_$case->{name}/g;
	$sql =~ s/\bTO owner\b/TO $case->{owner}/g;
	return $sql;
}

# The schemas and the models of a case, and what becomes of its table then.
sub set_up
{
	my ($case) = @_;
	my ($name, $owner) = ($case->{name}, $case->{owner} //= 'author');
	my $monitor = $case->{monitor} ? "$case->{monitor}, " : '';
	my $sql = qq{
		CREATE SCHEMA s_$name AUTHORIZATION $owner;
		CREATE SCHEMA o_$name AUTHORIZATION other;
		GRANT USAGE ON SCHEMA s_$name, o_$name TO PUBLIC;
		SET ROLE $owner;
	} . rows_sql("s_$name.reviews") . fill($case, $case->{first} // '') . ';' . hostile_code($owner, "s_$name", $name) . qq{
		GRANT SELECT ON s_$name.reviews TO team;
		SET ROLE other;
	} . hostile_code('other', "o_$name", $name) . qq{
		SET ROLE team;
		SELECT sentiment_train('$name', 's_$name.reviews', filter => 'id > 0');
		SELECT sentiment_train('$name', 's_$name.reviews', filter => 'id > 0', deploy => 'never', params => '{"C": 0.01}');
		SELECT sentiment_grant('$name', 'trainer', 'train');
		SELECT sentiment_set_contract('$name', '{"labels": ["neg", "pos"], "min_rows": 1}');
		SELECT sentiment_monitor('$name', 's_$name.reviews', ${monitor}label_column => 'label', filter => 'id > 0', cooldown => '0');
		RESET ROLE;
	};
	foreach my $step (@{ $case->{steps} })
	{
		my ($role, $code) = @$step;
		$role = $owner if $role eq 'owner';
		$sql .= "SET ROLE $role;\n" . fill($case, $code) . ";\nRESET ROLE;\n";
	}
	# whoever puts a relation in the place of another lets it be read as that was
	$sql .= "GRANT SELECT ON s_$name.reviews TO team;\n";
	my $error = '';
	is($node->psql('postgres', $sql, stderr => \$error, on_error_stop => 1), 0, "$name is set up") or diag($error);
}

# Uses of a stored source: name, SQL with M for the model, what it says if the source was read, and what if it was refused.
my $failed = qr/^(failed|error)/;
my $task_read = qr/^(promoted|kept|no drift|drift)/;
my $gate = q{SELECT string_agg(concat_ws(' ', check_name, value, detail), '; ') FROM sentiment_check_gate('M', 2)};
my @watched = (
	[ 'task check_drift', q{SELECT sentiment_run_task('M', 'check_drift')}, qr/^(no )?drift/, $failed ],
	[ 'task check_and_retrain', q{SELECT sentiment_run_task('M', 'check_and_retrain')}, $task_read, $failed ],
	[ 'task retrain', q{SELECT sentiment_run_task('M', 'retrain')}, $task_read, $failed ],
	[ 'task pipeline', q{SELECT sentiment_run_task('M', 'pipeline')}, $task_read, $failed ],
	[ 'check_drift', q{SELECT count(*) FROM sentiment_check_drift('M')} ],
);
my @unwatched = (
	[ 'gate', $gate, qr/min_f1 \d/, qr/min_f1 (?!\d)/ ],
	[ 'compare', q{SELECT count(*) FROM sentiment_compare('M')}, qr/^\d/, $failed ],
	[ 'promote', q{SELECT sentiment_promote('M', 2)} ],
	[ 'promote by force', q{SELECT sentiment_promote('M', 2, force => true), sentiment_rollback('M')} ],
	[ 'retrain', q{SELECT status, message FROM sentiment_retrain('M')}, qr/^(promoted|kept)/, $failed ],
	[ 'validate', q{SELECT count(*) FROM sentiment_validate('M')}, qr/^\d/, $failed ],
	[ 'pipeline with workers', q{SELECT status, message FROM sentiment_run_pipeline('M', kinds => '{logistic_regression,random_forest}')}, qr/^(promoted|kept)/, $failed ],
	[ 'pipeline', q{SET sentiment.max_workers = 0; SELECT status, message FROM sentiment_run_pipeline('M', kinds => '{logistic_regression}'); RESET sentiment.max_workers}, qr/^(promoted|kept)/, $failed ],
	[ 'traffic', q{SELECT sentiment_set_traffic('M', '{"1": 0.5, "2": 0.5}'), sentiment_set_traffic('M', '{"1": 1}')} ],
	[ 'stage', q{SELECT sentiment_promote('M', 2, 'staging')} ],
	[ 'prune', q{SELECT sentiment_prune('M', 9)} ],
);

# Whether code ran with its author's rights only; what else a case lets run is in `may`.
sub innocent
{
	my ($case, $runs) = @_;
	my @guilty = grep {
		my ($place, $author, $as) = /^(.*): code of (.*) ran as (.*)$/;
		$place eq $case->{name} && $author ne $as && !grep { $_ eq "$author ran as $as" } @{ $case->{may} // [] };
	} sort keys %$runs;
	return \@guilty;
}

# A role's uses of a case.
sub try_uses
{
	my ($case, $role, @uses) = @_;
	my ($said, $runs) = session($node, $role, map { [ $_->[0], $_->[1] =~ s/'M'/'$case->{name}'/gr ] } @uses);
	my $ran = 0;

	foreach my $use (@uses)
	{
		my ($name, undef, $read, $refused) = @$use;
		my $what = "$case->{name}: $name by $role";
		is_deeply(innocent($case, $runs->{$name} // {}), [], "$what: code runs with its author's rights");
		$ran += grep { /^\Q$case->{name}\E:/ } keys %{ $runs->{$name} // {} };
		next unless defined $read;
		like($said->{$name}, $read, "$what reads") if $case->{expect} eq 'read';
		next unless $case->{expect} eq 'refused';
		like($said->{$name}, $refused, "$what is refused");
		# jobs of other cases may run at the same time
		is_deeply([ sort grep { /^\Q$case->{name}\E:/ } keys %{ $runs->{$name} // {} } ], [], "$what: and nothing runs");
	}
	return $ran;
}

# ---- jobs of pg_cron, which run beside everything else
my @jobs = map { my %case = %$_; $case{name} = "job_$case{name}"; \%case } grep { $_->{name} =~ /^(view|view_other|cast|cast_other|policy|foreign_server)$/ } @cases;
my $jobs_offset = -s $node->logfile;
foreach my $job (@jobs)
{
	set_up($job);
	$node->safe_psql('postgres', qq{SELECT sentiment_schedule('$job->{name}', '* * * * *', 'retrain')}, extra_params => [ '-U', 'trainer' ]);
}

# ---- the matrix
foreach my $case (@cases)
{
	set_up($case);
	my $ran = try_uses($case, trainer => @watched);
	$ran += try_uses($case, postgres => grep { $_->[0] =~ /^task (retrain|check_drift)$/ } @watched);
	$node->safe_psql('postgres', "SELECT sentiment_unmonitor('$case->{name}')");
	$ran += try_uses($case, trainer => @unwatched);
	$ran += try_uses($case, postgres => grep { $_->[0] =~ /^(gate|retrain|validate|pipeline with workers)$/ } @unwatched);
	ok($ran, "$case->{name}: its code has run") if ($case->{ran} // '') eq 'yes';
	is($ran, 0, "$case->{name}: none of its code has run") if ($case->{ran} // '') eq 'no';
}
is(superusers($node), 'postgres', 'nobody has become superuser');

# ---- who names a source himself reads it as himself, as with any query; a role that may not read it does not get so far
{
	my $case = { name => 'view', may => [ 'author ran as team' ] };
	my @named = (
		[ 'train', q{SELECT version FROM sentiment_train('view', 's_view.reviews', deploy => 'if_better')} ],
		[ 'search', q{SELECT count(*) FROM sentiment_search('view', 's_view.reviews', trials => 2, folds => 2)} ],
		[ 'monitor', q{SELECT sentiment_monitor('view', 's_view.reviews', label_column => 'label')} ],
		[ 'check_drift of it', q{SELECT count(*) FROM sentiment_check_drift('view', 's_view.reviews')} ],
		[ 'validate it', q{SELECT count(*) FROM sentiment_validate('view', 's_view.reviews')} ],
	);
	my ($said, $runs) = session($node, trainer => @named);
	foreach my $use (@named)
	{
		like($said->{ $use->[0] }, qr/^error 42501/, "$use->[0] by a role that may not read the source");
		is_deeply($runs->{ $use->[0] } // {}, {}, 'runs nothing');
	}
	# the monitor names the source for others to read: it is looked at as it will be read
	($said, $runs) = session($node, team => @named);
	unlike($said->{ $_->[0] }, qr/^error/, "$_->[0] by one that may") foreach @named;
	is_deeply(innocent($case, $runs->{ $_->[0] } // {}), [], "$_->[0] runs code as who calls, or its author") foreach @named;
	is_deeply(innocent({ name => 'view' }, $runs->{monitor} // {}), [], 'monitor as its author only');
}

# ---- what has become of the jobs
my $jobs_done = $node->poll_query_until('postgres', q{SELECT count(DISTINCT model) = } . scalar(@jobs) . q{ FROM sentiment_retrainings WHERE model LIKE 'job\_%' AND trigger = 'schedule'});
ok($jobs_done, 'all jobs have run');
$node->safe_psql('postgres', 'UPDATE cron.job SET active = false');
foreach my $job (@jobs)
{
	my $status = $node->safe_psql('postgres', qq{SELECT status FROM sentiment_retrainings WHERE model = '$job->{name}' ORDER BY retraining_id LIMIT 1});
	my %runs = map { %{ $_ } } values %{ told($node, $jobs_offset) };
	like($status, $job->{expect} eq 'read' ? qr/^(promoted|kept)$/ : qr/^failed$/, "$job->{name}: the job's retraining is $job->{expect}");
	is_deeply(innocent($job, \%runs), [], "$job->{name}: code runs with its author's rights");
	is(scalar(grep { /^\Q$job->{name}\E:/ } keys %runs), 0, "$job->{name}: nothing has run") if $job->{expect} eq 'refused' && $job->{name} !~ /cast/;
}
is(superusers($node), 'postgres', 'nobody has become superuser by a job');


# ---- sources that are as they should be: they are read, and the rows that the model's owner may not see are not. A case: what is done
# before its model is trained by its owner (team, or `model_owner`) from L.reviews and after that, the number of rows that a retraining
# has, or what it says instead.
my $rows_of_postgres = rows_sql('L.reviews') . 'GRANT SELECT ON L.reviews TO team;';
my $rows_of_author = 'GRANT CREATE ON SCHEMA L TO author; SET ROLE author;' . rows_sql('L.reviews') . 'GRANT SELECT ON L.reviews TO team; RESET ROLE;';
my $rows_of_team = 'GRANT CREATE ON SCHEMA L TO team; SET ROLE team;' . rows_sql('L.reviews') . 'RESET ROLE;';
my $secured = 'ALTER TABLE L.reviews ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON L.reviews FOR SELECT USING (id <= 50)';
my @legitimate = (
	{ name => 'own table', before => $rows_of_team, rows => 72 },
	{ name => 'table of another', before => $rows_of_author, rows => 72 },
	{ name => 'columns only', before => "$rows_of_author REVOKE SELECT ON L.reviews FROM team; GRANT SELECT (id, text, label) ON L.reviews TO team", rows => 72 },
	{ name => 'own view over a table of another', before => 'GRANT CREATE ON SCHEMA L TO team; SET ROLE team; CREATE VIEW L.reviews AS SELECT id, text, label FROM plain; RESET ROLE', rows => 72 },
	{ name => 'view over a table that is hidden', before => rows_sql('L.hidden') . 'CREATE VIEW L.reviews AS SELECT * FROM L.hidden WHERE id <= 60; GRANT SELECT ON L.reviews TO team', rows => 60 },
	{ name => 'view with a function of a superuser', before => rows_sql('L.data') . q{CREATE FUNCTION L.clean(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN lower(t); END';
		GRANT SELECT ON L.data TO team; GRANT CREATE ON SCHEMA L TO team; SET ROLE team; CREATE VIEW L.reviews AS SELECT id, L.clean(text) AS text, label FROM L.data; RESET ROLE}, rows => 72 },
	{ name => 'partitioned table', before => "CREATE TABLE L.reviews (id int, text text, label text, n int) PARTITION BY LIST (label); CREATE TABLE L.p1 PARTITION OF L.reviews FOR VALUES IN ('pos');
		CREATE TABLE L.p2 PARTITION OF L.reviews DEFAULT; INSERT INTO L.reviews SELECT * FROM plain; ALTER TABLE L.reviews OWNER TO author; ALTER TABLE L.p1 OWNER TO other; GRANT SELECT ON L.reviews TO team", rows => 72 },
	{ name => 'table with a child', before => "$rows_of_author CREATE TABLE L.child () INHERITS (L.reviews); INSERT INTO L.child SELECT * FROM plain WHERE id <= 10", rows => 82 },
	{ name => 'materialized view', before => 'CREATE MATERIALIZED VIEW L.reviews AS SELECT * FROM plain; GRANT SELECT ON L.reviews TO team', rows => 72 },
	{ name => 'foreign table', before => "CREATE FOREIGN TABLE L.reviews (id int, text text, label text, n int) SERVER files OPTIONS (filename '$file'); GRANT SELECT ON L.reviews TO team", rows => 72 },
	{ name => 'row security', before => "$rows_of_postgres $secured", rows => 50 },
	{ name => 'row security by the current role', before => "$rows_of_postgres ALTER TABLE L.reviews ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON L.reviews USING (id <= CASE current_user WHEN 'team' THEN 40 ELSE 60 END)", rows => 40 },
	{ name => 'row security that comes later', before => $rows_of_postgres, after => $secured, rows => 50 },
	{ name => 'forced row security', before => "$rows_of_team $secured; ALTER TABLE L.reviews FORCE ROW LEVEL SECURITY", rows => 50 },
	{ name => 'row security below a view', before => "$rows_of_author $secured; ALTER TABLE L.reviews RENAME TO data; GRANT SELECT ON L.data TO deputy; CREATE VIEW L.reviews AS SELECT * FROM L.data;
		ALTER VIEW L.reviews OWNER TO deputy; GRANT SELECT ON L.reviews TO team", rows => 50 },
	{ name => 'a role that passes by row security', model_owner => 'passer', before => "$rows_of_author GRANT SELECT ON L.reviews TO passer; $secured", rows => 72 },
	{ name => 'view with current_user', before => "$rows_of_postgres ALTER TABLE L.reviews RENAME TO data; CREATE VIEW L.reviews AS SELECT * FROM L.data WHERE id <= CASE current_user WHEN 'team' THEN 40 ELSE 60 END;
		GRANT SELECT ON L.reviews TO team", rows => 40 },
	{ name => 'view of the invoker', minimum => 150000, before => "$rows_of_postgres $secured; ALTER TABLE L.reviews RENAME TO data; CREATE VIEW L.reviews WITH (security_invoker) AS SELECT * FROM L.data; GRANT SELECT ON L.reviews TO team", rows => 50 },
	{ name => 'schema for its owner only', before => $rows_of_postgres, after => 'REVOKE USAGE ON SCHEMA L FROM PUBLIC; GRANT USAGE ON SCHEMA L TO team', rows => 72 },
	{ name => 'made anew', before => $rows_of_author, after => 'DROP TABLE L.reviews; ' . rows_sql('L.reviews', 66) . 'GRANT SELECT ON L.reviews TO team', rows => 66 },
	{ name => 'another owner', before => $rows_of_author, after => 'ALTER TABLE L.reviews OWNER TO other', rows => 72 },
	{ name => 'another type', before => $rows_of_author, after => 'ALTER TABLE L.reviews ALTER text TYPE varchar(200)', rows => 72 },
	# built-in functions that show a role what is its own: another session of a superuser, and a setting for superusers
	{ name => 'view of what other sessions do', before => "$rows_of_postgres ALTER TABLE L.reviews RENAME TO data; CREATE VIEW L.reviews AS SELECT * FROM L.data
		WHERE id <= CASE WHEN EXISTS (SELECT FROM pg_stat_activity AS a WHERE a.query LIKE '%kept from others%' AND a.pid <> pg_backend_pid() AND a.query NOT LIKE '%CREATE VIEW%') THEN 72 ELSE 40 END; GRANT SELECT ON L.reviews TO team", rows => 40 },
	{ name => 'view of settings', before => "$rows_of_postgres ALTER TABLE L.reviews RENAME TO data; CREATE VIEW L.reviews AS SELECT * FROM L.data
		WHERE id <= CASE WHEN EXISTS (SELECT FROM pg_settings AS s WHERE s.name = 'data_directory') THEN 72 ELSE 40 END; GRANT SELECT ON L.reviews TO team", rows => 40 },
	{ name => 'view with the text of a query', before => "$rows_of_postgres ALTER TABLE L.reviews RENAME TO data; CREATE TABLE L.hidden AS SELECT 1 AS i; CREATE VIEW L.reviews AS SELECT * FROM L.data
		WHERE query_to_xml('SELECT CASE WHEN current_user = ''team'' THEN 1 ELSE 2 END AS v', true, false, '')::text ~ CASE WHEN id <= 40 THEN '.' ELSE '>2<' END; GRANT SELECT ON L.reviews TO team", rows => 40 },
	# ---- and those that are not any more
	{ name => 'model of another owner', before => $rows_of_author, after => "SELECT sentiment_set_owner('L', 'other')", says => qr/may not read|permission denied/ },
	{ name => 'revoked', before => $rows_of_author, after => 'REVOKE SELECT ON L.reviews FROM team', says => qr/may not read|permission denied/ },
	{ name => 'revoked column', before => $rows_of_author, after => 'REVOKE SELECT ON L.reviews FROM team; GRANT SELECT (id, text) ON L.reviews TO team', says => qr/may not read|permission denied/ },
	{ name => 'schema revoked', before => $rows_of_author, after => 'REVOKE USAGE ON SCHEMA L FROM PUBLIC', says => qr/may not read|permission denied/ },
	{ name => 'gone', before => $rows_of_author, after => 'DROP TABLE L.reviews', says => qr/is gone|does not exist/ },
	{ name => 'schema gone', before => $rows_of_author, after => 'DROP SCHEMA L CASCADE', says => qr/is gone|does not exist/ },
	{ name => 'column gone', before => $rows_of_author, after => 'ALTER TABLE L.reviews DROP label', says => qr/column "label"/ },
	{ name => 'a sequence in its place', before => $rows_of_author, after => 'DROP TABLE L.reviews; CREATE SEQUENCE L.reviews; GRANT SELECT ON L.reviews TO team', says => qr/cannot read|not .*table/ },
	# whoever can only train must not have the owner's tables read for him
	{ name => 'named by who may not read it any more', trained_by => 'trainer', before => "$rows_of_author GRANT SELECT ON L.reviews TO trainer", after => 'REVOKE SELECT ON L.reviews FROM trainer', says => qr/may not read|permission denied/ },
	{ name => 'named by one whose model\'s owner may not read it', trained_by => 'trainer', before => "$rows_of_author GRANT SELECT ON L.reviews TO trainer; REVOKE SELECT ON L.reviews FROM team",
		says => qr/may not read|permission denied/ },
	{ name => 'named by who may read other rows than the owner', trained_by => 'trainer', before => "$rows_of_postgres ALTER TABLE L.reviews ENABLE ROW LEVEL SECURITY; GRANT SELECT ON L.reviews TO trainer;
		CREATE POLICY p ON L.reviews USING (id <= CASE current_user WHEN 'team' THEN 60 ELSE 40 END)", says => qr/depends on who reads it|cannot be read/ },
);
@legitimate = grep { $version >= ($_->{minimum} // 0) } @legitimate;
$node->safe_psql('postgres', q{CREATE ROLE passer LOGIN BYPASSRLS; GRANT CREATE ON DATABASE postgres TO team});
my $number = 0;
my ($out, $error) = ('', '');
my $busy = IPC::Run::start([ 'psql', '-X', '-d', $node->connstr('postgres'), '-c', q{SELECT 'kept from others', pg_sleep(600)} ], '>', \$out, '2>', \$error);
ok($node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE query LIKE '%kept from others%pg_sleep(600)%' AND pid <> pg_backend_pid()}), 'a superuser does something');
foreach my $case (@legitimate)
{
	my $schema = sprintf 'l%02d', ++$number;
	my $owner = $case->{model_owner} // 'team';
	my $by = $case->{trained_by} // $owner;
	my ($before, $after) = map { ($_ // '') =~ s/\bL\b/$schema/gr } @$case{qw(before after)};
	my $error = '';
	is($node->psql('postgres', qq{
			CREATE SCHEMA $schema;
			GRANT USAGE ON SCHEMA $schema TO PUBLIC;
			$before;
			SET ROLE $owner;
			SELECT sentiment_train('$schema', 'plain');
			SELECT sentiment_grant('$schema', 'trainer', 'train');
			RESET ROLE; SET ROLE $by;
			SELECT sentiment_train('$schema', '$schema.reviews', deploy => 'never', params => '{"C": 2}');
			RESET ROLE; SET ROLE $owner;
			SELECT sentiment_promote('$schema', 2, force => true);
			RESET ROLE;
			$after;
		}, stderr => \$error, on_error_stop => 1), 0, "$case->{name} is set up") or diag($error);
	my $last = qq{SELECT rows_trained + rows_held_out + rows_skipped, rows_trained + rows_held_out FROM sentiment_model_versions WHERE model = '$schema' ORDER BY version DESC LIMIT 1};
	my @uses = (
		[ 'gate', $gate =~ s/'M'/'$schema'/r, qr/min_f1 \d/ ], [ 'validate', "SELECT 'found: ' || coalesce(string_agg(concat_ws(' ', check_name, detail), '; '), '') FROM sentiment_validate('$schema', check_labels => false)", qr/^found/ ],
		[ 'retrain', "SELECT status, message FROM sentiment_retrain('$schema')", qr/^(promoted|kept)/ ], [ 'rows', $last ],
		[ 'pipeline with workers', "SELECT status, message FROM sentiment_run_pipeline('$schema', kinds => '{logistic_regression,random_forest}')", qr/^(promoted|kept)/ ], [ 'rows of the pipeline', $last ]);
	foreach my $role ('trainer', 'postgres')
	{
		# (a superuser's session may say that row security is to be an error; it is for who reads to obey it)
		my ($said) = session($node, $role, $role eq 'postgres' ? [ 'setting', 'SET row_security = off' ] : (), @uses);
		foreach my $use (@uses)
		{
			my $what = "$case->{name}: $use->[0] by $role";
			like($said->{ $use->[0] }, $use->[2], "$what reads") if $case->{rows} && $use->[2];
			like($said->{ $use->[0] }, $case->{says}, "$what says why not") if $case->{says} && $use->[2];
			is($said->{ $use->[0] } =~ s/\|.*//sr, $case->{rows}, "$what") if $case->{rows} && !$use->[2];
		}
	}
}

# a system view is a superuser's, and all may SELECT it: what it shows to a superuser is not for a model of team
{
	my ($said) = session($node, team => [ train => q{SELECT version FROM sentiment_train('system', 'plain')} ],
		[ set => q{SELECT sentiment_set_source('system', 'pg_catalog.pg_stat_activity', 'query', 'wait_event')} ],
		[ contract => q{SELECT sentiment_set_contract('system', '{"labels": ["neg", "pos"], "max_text_length": 1}')} ],
		[ validate => q{SELECT string_agg(v::text, '; ') FROM sentiment_validate('system') AS v} ], [ monitor => q{SELECT sentiment_monitor('system', 'pg_catalog.pg_stat_activity', 'query', label_column => 'wait_event')} ],
		[ check_drift => q{SELECT string_agg(d::text, '; ') FROM sentiment_check_drift('system', 'pg_catalog.pg_stat_activity', text_column => 'query', label_column => 'wait_event') AS d} ],
		[ task => q{SELECT sentiment_run_task('system', 'check_drift')} ], [ bins => q{SELECT string_agg(b::text, '; ') FROM sentiment_drift_bins AS b WHERE model = 'system'} ]);
	unlike(join("\n", values %$said), qr/PgSleep|kept from others/, 'a system view does not show a model what its owner may not see');
}
$node->safe_psql('postgres', q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()});
IPC::Run::finish($busy);

# ---- a source that is named for the model
{
	$node->safe_psql('postgres', 'CREATE SCHEMA named; GRANT USAGE, CREATE ON SCHEMA named TO PUBLIC; SET ROLE author;' . rows_sql('named.reviews', 66)
		  . 'SET ROLE team;' . rows_sql('named.own') . q{
		SELECT sentiment_train('named', 'named.own');
		SELECT sentiment_grant('named', 'trainer', 'train')});
	my $set = q{SELECT sentiment_set_source('named', 'named.reviews', filter => 'id > 0')};
	my $retrain = [ retrain => q{SELECT status, message FROM sentiment_retrain('named')} ];
	my $rows = [ rows => q{SELECT source_name, rows_trained + rows_held_out FROM sentiment_model_versions WHERE model = 'named' ORDER BY version DESC LIMIT 1} ];
	my ($said) = session($node, trainer => [ set => $set ]);
	like($said->{set}, qr/^error 42501/, 'a source is named by who may read it only');
	$node->safe_psql('postgres', 'GRANT SELECT ON named.reviews TO trainer');
	($said) = session($node, trainer => [ set => $set ]);
	like($said->{set}, qr/^error 42501/, 'and if the model\'s owner may');
	$node->safe_psql('postgres', 'GRANT SELECT ON named.reviews TO team; REVOKE SELECT ON named.reviews FROM trainer');
	($said) = session($node, trainer => [ set => $set ]);
	like($said->{set}, qr/^error 42501/, 'he himself too');
	$node->safe_psql('postgres', 'GRANT SELECT ON named.reviews TO trainer');
	($said) = session($node, other => [ set => $set ]);
	like($said->{set}, qr/^error 42501/, 'nobody without the privilege train');
	($said) = session($node, trainer => [ set => $set ], $retrain, $rows);
	unlike($said->{set}, qr/^error/, 'then it is named');
	is($said->{rows}, "reviews|66\n", 'and is what retrainings read');
	$node->safe_psql('postgres', 'REVOKE SELECT ON named.reviews FROM trainer');
	($said) = session($node, team => $retrain);
	like($said->{retrain}, qr/^failed.*(may not read|permission)/, 'until who named it may not read it any more');
	($said) = session($node, trainer => [ temp => q{CREATE TEMP TABLE passing AS SELECT 'good' || i AS text, 'pos' AS label FROM generate_series(1, 9) AS i; GRANT SELECT ON passing TO team} ],
		[ set_temp => q{SELECT sentiment_set_source('named', 'passing')} ], [ remove => q{SELECT sentiment_set_source('named', NULL)} ], $retrain, $rows);
	like($said->{set_temp}, qr/^error (55000|0A000|42809)/, 'a temporary table is not stored');
	unlike($said->{remove}, qr/^error/, 'a source is taken back');
}

# ---- what a read leaves behind in its session: nothing
{
	my @settings = ([ settings => q{SELECT string_agg(name || '=' || setting, ' ' ORDER BY name) FROM pg_settings
			WHERE name IN ('search_path', 'row_security', 'constraint_exclusion', 'client_min_messages', 'role', 'lock_timeout', 'statement_timeout')} ],
		[ user => 'SELECT current_user, session_user' ]);
	foreach my $case (grep { $_->{name} =~ /^(escape|view|view_other|policy)$/ } @cases)
	{
		my ($before) = session($node, trainer => @settings);
		my ($after) = session($node, trainer => (map { [ $_->[0], $_->[1] =~ s/'M'/'$case->{name}'/gr ] } @unwatched), @settings);
		is($after->{$_}, $before->{$_}, "$case->{name}: $_ of the session afterwards") foreach qw(settings user);
	}
}
is(superusers($node), 'postgres', 'nobody has become superuser in the end');

$node->stop;
done_testing();
