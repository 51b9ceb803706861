# Live traffic by epochs: windows that roll, numeric columns, vocabulary and embedding, false alarms, monitors, restarts.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SentimentTest;
use Test::More;

my $epoch = 4;
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', qq{
	fsync = off
	shared_preload_libraries = 'sentiment'
	sentiment.live_epoch = '${epoch}s'
	sentiment.live_epochs = 5
});
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION sentiment');
$node->safe_psql('postgres', q{CREATE FUNCTION made_review(i int) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT string_agg(CASE WHEN h % 7 = 0 THEN (ARRAY['lovely', 'awful'])[1 + i % 2] WHEN h % 11 = 0 THEN 'w' || h % 700
						   ELSE (ARRAY['the', 'coffee', 'tea', 'taste', 'price', 'box', 'is', 'was', 'a', 'of', 'it', 'cup', 'milk', 'dark'])[1 + h % 14] END,
					  ' ' ORDER BY j) || (ARRAY['.', '!', '?', '!!!'])[1 + (hashint4(i) >> 8 & 3)]
	FROM generate_series(1, 8 + (hashint4(i) & 31)) AS j, LATERAL (SELECT hashint4(i * 100 + j) & 65535) AS r(h)
	$$});
$node->safe_psql('postgres', q{
	CREATE TABLE reviews AS SELECT i AS id, made_review(i) AS text, CASE WHEN i % 2 = 0 THEN 'pos' ELSE 'neg' END AS label,
		CASE WHEN hashint4(i) % 10 = 0 THEN NULL ELSE 1 + (hashint4(i + 1000000) & 4095) % 5 END AS stars,
		round(2000 + 7 * ln((1 + (hashint4(i + 2000000) & 1048575)) / 1048576.0), 3) AS price
	FROM generate_series(1, 30000) AS i;
	CREATE VIEW training AS SELECT * FROM reviews WHERE id <= 10000;
	CREATE TABLE later AS SELECT * FROM reviews WHERE id > 10000;
	ANALYZE;
	SELECT sentiment_train('texts', 'training');
	SELECT sentiment_train('numbers', 'training', params => '{"svd_components": 16}', numeric_columns => '{stars,price}')});

# The verdict on a model's traffic: of a period, or of all.
sub verdict
{
	my ($model, $period) = @_;
	$period = defined $period ? "'$period'" : 'NULL';
	return $node->safe_psql('postgres', "SELECT drifted FROM sentiment_check_drift('$model', store => false, period => $period) WHERE feature = '(report)'");
}

# What has drifted.
sub drifted
{
	my ($model) = @_;
	return $node->safe_psql('postgres', "SELECT string_agg(DISTINCT feature, ' ') FROM sentiment_check_drift('$model', store => false) WHERE drifted");
}

# Predict texts with numbers from zero on: 40,000, of which some 625 are sampled.
sub traffic
{
	my ($model, $text, $features) = @_;
	$node->safe_psql('postgres', "SELECT sentiment_stat_reset('$model'); SELECT count(sentiment_predict($text, '$model', $features)) FROM later, generate_series(1, 2)");
}

# Wait until the present epoch is over.
sub next_epoch
{
	$node->safe_psql('postgres', "SELECT pg_sleep($epoch + 0.05 - extract(epoch FROM clock_timestamp())::numeric % $epoch)");
}

# numeric columns
my $numbers = q{jsonb_build_object('stars', stars, 'price', price)};
traffic('numbers', 'text', $numbers);
is(verdict('numbers'), 'f', 'numbers that have not moved');
is($node->safe_psql('postgres', q{
	SELECT feature, statistic FROM sentiment_check_drift('numbers', store => false) WHERE feature IN ('stars', 'price') AND p_value > 1e-4 AND value < 0.1 ORDER BY 1, 2}),
	"price|ks\nprice|psi\nstars|psi", 'are compared');
is($node->safe_psql('postgres', q{SELECT count(*) FROM sentiment_check_drift('numbers', store => false) WHERE feature = '(embedding)' AND value < 0.25 AND p_value > 1e-4}), 1, 'so are SVD coordinates');
is($node->safe_psql('postgres', q{
	SELECT feature, count(*), min(lower), max(upper), sum(predictions) = (SELECT sum(predictions) FROM sentiment_stat_features WHERE feature = 'text_len')
	FROM sentiment_stat_features WHERE feature = 'stars' GROUP BY 1}), 'stars|6|1|5|t', 'five stars, and none');
is($node->safe_psql('postgres', q{
	SELECT count(*) > 15, bool_and(lower <= upper), sum(predictions) = (SELECT sum(predictions) FROM sentiment_stat_features WHERE feature = 'text_len')
	FROM sentiment_stat_features WHERE feature = 'price'}), 't|t|t', 'prices in ranges');
traffic('numbers', 'text', q{jsonb_build_object('stars', sentiment_inject_drift(stars, 'scale', 0, id), 'price', sentiment_inject_drift(price::float8, 'shift', 0, id))});
is(verdict('numbers'), 'f', 'drift of strength 0');
my %moved = (
	price => q{jsonb_build_object('stars', stars, 'price', sentiment_inject_drift(price::float8, 'shift', 1, id))},
	stars => q{jsonb_build_object('stars', sentiment_inject_drift(stars, 'missing', 1, id), 'price', price)},
	'price stars' => q{NULL});
foreach my $columns (sort keys %moved)
{
	traffic('numbers', 'text', $moved{$columns});
	like(drifted('numbers'), qr/\(report\) (\(score\) )?$columns$/, "drift of $columns is found");
}
traffic('numbers', q{CASE WHEN label = 'pos' THEN text END}, $numbers);
like(drifted('numbers'), qr/\(embedding\).*\(vocabulary\)/, 'one kind of texts: embedding and vocabulary');

# parallel workers find the groups of the numbers by themselves
$node->safe_psql('postgres', q{SELECT sentiment_stat_reset('numbers')});
like($node->safe_psql('postgres', qq{
	SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET parallel_leader_participation = off;
	EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) SELECT count(sentiment_predict(text, 'numbers', $numbers)) FROM later, generate_series(1, 2)}),
	qr/Workers Launched: [1-9]/, 'parallel workers alone');
is(verdict('numbers'), 'f', 'count numbers');
is($node->safe_psql('postgres', q{SELECT count(*) FROM sentiment_check_drift('numbers', store => false) WHERE feature IN ('stars', 'price') AND value IS NOT NULL}), 3, 'in their groups');

# each kind of drift of texts, and none
foreach my $kind ('longer', 'shorter', 'shouting', 'typos', 'vocabulary_swap')
{
	traffic('texts', "sentiment_inject_drift(text, '$kind', 1, 7)", 'NULL');
	is(verdict('texts'), 't', "$kind is found");
	traffic('texts', "sentiment_inject_drift(text, '$kind', 0, 7)", 'NULL');
	is(verdict('texts'), 'f', "$kind of strength 0 is not");
}

# at a level of 1 %, 2 windows of 200 are expected to raise an alarm if every change counts; with thresholds none
$node->safe_psql('postgres', q{
	CREATE FUNCTION alarms(windows int, texts int, params jsonb) RETURNS bigint LANGUAGE plpgsql AS $$
	DECLARE
		n bigint := 0;
		drifted boolean;
	BEGIN
		FOR seed IN 1 .. windows LOOP
			PERFORM sentiment_stat_reset('numbers');
			PERFORM count(sentiment_predict(text, 'numbers', jsonb_build_object('stars', stars, 'price', price)))
				FROM (SELECT * FROM later ORDER BY hashint8extended(id, seed) LIMIT texts) AS t;
			SELECT d.drifted INTO STRICT drifted FROM sentiment_check_drift('numbers', params => params, store => false) AS d WHERE feature = '(report)';
			n := n + drifted::int;
		END LOOP;
		RETURN n;
	END $$});
cmp_ok($node->safe_psql('postgres', q{SELECT alarms(200, 10000, '{}')}), '<=', 5, 'windows of 10,000 predictions without drift');

# windows roll
is(verdict('texts', '1 hour'), 'f', 'a period longer than all that was counted is all of it');
$node->safe_psql('postgres', q{SELECT sentiment_stat_reset('texts')});
next_epoch();
$node->safe_psql('postgres', q{SELECT count(sentiment_predict(upper(text), 'texts')) FROM later});
is(verdict('texts', '1 ms'), 't', 'drift in this epoch');
next_epoch();
is(verdict('texts', '1 ms'), '', 'the next one has no traffic yet');
$node->safe_psql('postgres', q{SELECT count(sentiment_predict(text, 'texts')) FROM later});
is(verdict('texts', '1 ms'), 'f', 'and then ordinary traffic');
is(verdict('texts', "${epoch}s"), 't', 'both together');
is(verdict('texts'), 't', 'and all since the reset');
is($node->safe_psql('postgres', qq{
	SELECT drifted FROM sentiment_check_drift('texts', period => '1 ms') WHERE feature = '(report)';
	SELECT rows, sampled BETWEEN 200 AND 440, extract(epoch FROM since) % $epoch, since > now() - interval '${epoch}s' FROM sentiment_drift_reports ORDER BY report_id DESC LIMIT 1}),
	"f\n20000|t|0.000000|t", 'the report says from when on');
# a clean restart keeps the epochs
my $of_epochs = q{SELECT string_agg(d::text, E'\n') FROM sentiment_check_drift('texts', store => false, period => '12 s') AS d};
my $all = q{SELECT string_agg(d::text, E'\n') FROM sentiment_check_drift('texts', store => false) AS d};
my ($before, $all_before) = map { $node->safe_psql('postgres', $_) } ($of_epochs, $all);
$node->restart;
is($node->safe_psql('postgres', $of_epochs), $before, 'a restart keeps the epochs');
is($node->safe_psql('postgres', $all), $all_before, 'and all else');
# what has left the ring is counted among all, not in a window
my $sampled = $node->safe_psql('postgres', q{SELECT sum(predictions) FROM sentiment_stat_features WHERE feature = 'text_len' AND model = 'texts'});
next_epoch() foreach 1 .. 6;
is(verdict('texts', ($epoch * 4) . 's'), '', 'traffic leaves the window');
my ($out, $err);
$node->psql('postgres', q{SELECT drifted FROM sentiment_check_drift('texts', store => false, period => '22 s') WHERE feature = '(report)'}, stdout => \$out, stderr => \$err);
is($out, '', 'also a window that is longer than the ring');
like($err, qr/NOTICE:  live traffic of model "texts" is looked at from 20.*The last 5 epochs of 4 seconds each are kept.*Raise sentiment.live_epochs/s, 'which is told');
$node->safe_psql('postgres', q{SELECT count(sentiment_predict(text, 'texts')) FROM later WHERE id <= 11000});
is(verdict('texts'), 't', 'all since the reset has it');
is($node->safe_psql('postgres', qq{SELECT sum(predictions) - $sampled BETWEEN 1 AND 50 FROM sentiment_stat_features WHERE feature = 'text_len' AND model = 'texts'}), 't', 'nothing is lost');
# with epochs of another length, or fewer of them, all of it is past
$all_before = $node->safe_psql('postgres', $all);
$node->append_conf('postgresql.conf', "sentiment.live_epoch = '1h'\nsentiment.live_epochs = 2");
$node->restart;
is($node->safe_psql('postgres', $all), $all_before, 'other epochs: all is kept');
is(verdict('texts', '1 s'), '', 'in no window');
$node->safe_psql('postgres', q{SELECT count(sentiment_predict(text, 'texts')) FROM later});
is(verdict('texts', '1 s'), 'f', 'and windows begin anew');
# many sessions begin epochs at the same time, and no prediction is lost
$node->append_conf('postgresql.conf', "sentiment.live_epoch = '1s'\nsentiment.live_epochs = 1");
$node->restart;
$node->safe_psql('postgres', q{SELECT sentiment_stat_reset('texts')});
my $asking = $node->data_dir . '/ask.sql';
append_to_file($asking, "SELECT count(sentiment_predict(text, 'texts')) FROM later WHERE id <= 10100;\n");
command_ok([ 'pgbench', '-n', '-c', '8', '-j', '2', '-t', '150', '-f', $asking, '-h', $node->host, '-p', $node->port, 'postgres' ], 'eight sessions');
is($node->safe_psql('postgres', q{SELECT sum(predictions) FROM sentiment_stat_predictions WHERE model = 'texts'}), 8 * 150 * 100, 'each prediction is counted');
is($node->safe_psql('postgres', q{
	SELECT min(n) = max(n), max(n) BETWEEN 1875 - 6 * 43 AND 1875 + 6 * 43 FROM (SELECT sum(predictions) AS n FROM sentiment_stat_features WHERE model = 'texts' GROUP BY feature) AS f}), 't|t', 'and one in 64 is sampled');

# a monitor of live traffic, and what a job does
$node->safe_psql('postgres', q{SELECT sentiment_stat_reset('texts'); SELECT count(sentiment_predict(text, 'texts')) FROM later, generate_series(1, 4)});
is($node->safe_psql('postgres', q{
	SELECT sentiment_monitor('texts', period => '1 hour');
	SELECT source_name IS NULL, text_column IS NULL, period FROM sentiment_monitors;
	SELECT sentiment_run_task('texts', 'check_drift')}), "\nt|t|01:00:00\nno drift", 'a monitor without a source watches live traffic');
is($node->safe_psql('postgres', q{SELECT source_name IS NULL, sampled > 1000, drifted FROM sentiment_drift_reports ORDER BY report_id DESC LIMIT 1}), 't|t|f', 'its report is stored');
$node->safe_psql('postgres', q{SELECT sentiment_stat_reset('texts'); SELECT count(sentiment_predict(upper(text), 'texts')) FROM later});
like($node->safe_psql('postgres', q{SELECT sentiment_run_task('texts', 'check_drift')}), qr/^drift: .*caps_ratio/, 'drift is found');
like($node->safe_psql('postgres', q{SELECT sentiment_run_task('texts', 'check_and_retrain')}), qr/^drift: .*caps_ratio.*; (kept|promoted): version 2/, 'and the model is trained again, from its own source');
is($node->safe_psql('postgres', q{SELECT trigger, status IN ('kept', 'promoted') FROM sentiment_retrainings}), 'drift|t', 'by the recipe of its version');
$node->psql('postgres', q{SELECT sentiment_monitor('texts', time_column => 'at')}, stderr => \$err);
like($err, qr/time_column, label_column, filter and training_period need a source/, 'what goes with a source needs one');
$node->psql('postgres', q{SELECT sentiment_check_drift('texts', 'later', period => '1 day')}, stderr => \$err);
like($err, qr/argument "period" is for live traffic, and a source is given/, 'a period is for live traffic');
$node->psql('postgres', q{SELECT sentiment_check_drift('texts', period => '0')}, stderr => \$err);
like($err, qr/argument "period" must be more than zero/, 'and not empty');
# set by who may train: read with that role's rights
is($node->safe_psql('postgres', q{
	CREATE ROLE trainer; SELECT sentiment_grant('texts', 'trainer', 'train'); SET ROLE trainer;
	SELECT sentiment_monitor('texts'); SELECT set_by FROM sentiment_monitors; SELECT sentiment_run_task('texts', 'check_drift') LIKE 'drift: %' OR true}), "\n\ntrainer\nt", 'as a role that may train');
$node->psql('postgres', q{CREATE ROLE asker; SELECT sentiment_grant('texts', 'asker', 'predict'); SET ROLE asker; SELECT sentiment_monitor('texts')}, stderr => \$err);
like($err, qr/permission denied for model "texts"/, 'who may only ask may not');

# a version whose reference is gone, or another model's, is asked all the same; its columns are not counted
$node->safe_psql('postgres', q{
	UPDATE sentiment.version_profile AS p SET profile = q.profile FROM sentiment.version_profile AS q
	WHERE p.model_id = (SELECT model_id FROM sentiment.model WHERE name = 'numbers') AND q.model_id = (SELECT model_id FROM sentiment.model WHERE name = 'texts') AND q.version = 1});
traffic('numbers', 'text', $numbers);
is($node->safe_psql('postgres', q{SELECT count(DISTINCT feature) FROM sentiment_stat_features WHERE model = 'numbers'}), 12, 'another reference: texts are counted');
$node->safe_psql('postgres', q{DELETE FROM sentiment.version_profile WHERE model_id = (SELECT model_id FROM sentiment.model WHERE name = 'numbers')});
traffic('numbers', 'text', $numbers);
is($node->safe_psql('postgres', q{SELECT count(DISTINCT feature) FROM sentiment_stat_features WHERE model = 'numbers'}), 12, 'no reference: texts are counted');

# a file of a restart that is whole by its checksum, and in which somebody has written
sub crc32c
{
	my $crc = 0xffffffff;
	my @table = map { my $c = $_; $c = $c & 1 ? $c >> 1 ^ 0x82f63b78 : $c >> 1 for 1 .. 8; $c } 0 .. 255;

	$crc = $crc >> 8 ^ $table[($crc ^ $_) & 255] for unpack('C*', $_[0]);
	return $crc ^ 0xffffffff;
}
my $statistics = $node->data_dir . '/pg_stat/sentiment.stat';
traffic('texts', 'text', 'NULL');
$node->stop;
my $bytes = slurp_file($statistics);
my ($slot_size, $n_slots) = (unpack('Q<L<4q<Q<', $bytes))[2, 6];
cmp_ok($n_slots, '>', 0, 'the file has slots');
# the key and the times of the first slot stay; its counts, its layout and its sketch do not
substr($bytes, 56 + 40, $slot_size - 40) = chr(255) x ($slot_size - 40);
substr($bytes, -4) = pack('L<', crc32c(substr($bytes, 0, -4)));
open(my $file, '>:raw', $statistics) or die $!;
print $file $bytes;
close($file);
$node->start;
like(slurp_file($node->logfile), qr/ignoring file "pg_stat\/sentiment.stat"/, 'such a file is ignored');
is($node->safe_psql('postgres', q{SELECT count(*) FROM sentiment_stat_predictions}), 0, 'and counting begins at zero');
traffic('texts', 'text', 'NULL');
is($node->safe_psql('postgres', q{SELECT count(DISTINCT feature) FROM sentiment_stat_features WHERE model = 'texts'}), 12, 'predictions are counted');

unlike(slurp_file($node->logfile), qr/TRAP|PANIC|terminated by signal/, 'nothing has crashed');

done_testing();
