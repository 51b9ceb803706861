# PostgreSQL, exporter, Prometheus and Alertmanager together: every expression of rules and dashboards has data, and each
# alert fires when something is made wrong, and clears when it is mended. The rules are those of docker/prometheus with
# windows of seconds.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use POSIX ':sys_wait_h';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Time::HiRes qw(sleep time);
use ExporterTest;
use ObservabilityTest;
use SentimentTest;
use Test::More;

for my $program (qw(prometheus prometheus-alertmanager))
{
	plan skip_all => "$program is not installed" unless grep { -x "$_/$program" } split /:/, $ENV{PATH};
}

my $docker = "$ENV{TESTDIR}/docker";
my $folder = PostgreSQL::Test::Utils::tempdir();
my $main_process = $$;
my @children;
my $begin = time();

# --- the database, with models
my $node = PostgreSQL::Test::Cluster->new('observability');
$node->init;
my $cron = -e $node->config_data('--sharedir') . '/extension/pg_cron.control';
my $preload = $cron ? 'pg_cron,sentiment' : 'sentiment';
$node->append_conf('postgresql.conf', "fsync = off\nshared_preload_libraries = '$preload'\n");
$node->append_conf('postgresql.conf', "cron.database_name = 'postgres'\ncron.use_background_workers = on\n") if $cron;
$node->start;

sub sql { my ($sql) = @_; return $node->safe_psql('postgres', $sql); }

sql('CREATE EXTENSION sentiment');
if (sql(q{SELECT count(*) FROM pg_proc WHERE proname IN ('sentiment_metrics', 'sentiment_retrain', 'sentiment_validate', 'sentiment_check_drift', 'sentiment_set_shadow')
		  AND pronamespace = 'public'::regnamespace}) < 5)
{
	plan skip_all => 'this build of the extension has no metrics of models yet';
}
sql('CREATE EXTENSION pg_cron') if $cron;
sql(reviews_sql('reviews', 3000, 5));
sql(q{
	CREATE TABLE source AS SELECT * FROM reviews;
	CREATE TABLE noise AS SELECT id, text, CASE WHEN hashint4(id) % 2 = 0 THEN 'pos' ELSE 'neg' END AS label FROM reviews LIMIT 600;
	CREATE TABLE short_lived AS SELECT * FROM reviews LIMIT 600;
	SELECT sentiment_train('books', 'source');
	SELECT sentiment_train('orphan', 'short_lived');
	SELECT sentiment_set_contract('books', sentiment_suggest_contract('source'));
	SELECT count(*) FROM sentiment_validate('books', store => true);
	SELECT count(*) FROM sentiment_check_drift('books', 'reviews');
	SELECT count(*) FROM sentiment_check_drift('orphan', 'reviews');
	SELECT sentiment_retrain('books');
	SELECT sentiment_retrain('orphan')});
is($node->psql('postgres', undef, extra_params => [ '-v', 'database=postgres', '-f', "$ENV{TESTDIR}/role.sql" ]), 0, 'the exporter has its role');
sql(qq{SELECT sentiment_grant('$_', 'sentiment_exporter', 'predict')}) for qw(books orphan);

# Jobs run once a minute: one whose model is fine, and one that will fail.
if ($cron)
{
	sql(q{SELECT sentiment_monitor('books', 'source'); SELECT sentiment_monitor('orphan', 'short_lived')});
	sql(q{SELECT sentiment_schedule('books', '* * * * *', 'check_drift'); SELECT sentiment_schedule('orphan', '* * * * *', 'check_drift')});
}

# --- exporter, Alertmanager, Prometheus
my ($exporter_port, $prometheus_port, $alertmanager_port) = map { PostgreSQL::Test::Cluster::get_free_port() } 1 .. 3;
my $connection = $node->connstr('postgres') . ' user=sentiment_exporter';
my $exporter;
sub begin_exporter { $exporter = start_exporter('observability_exporter', $connection, '--listen', "127.0.0.1:$exporter_port", '--connections', '4', '--model', 'books'); }
begin_exporter();

my @rules = fast_rules("$docker/prometheus/rules", "$folder/rules");
open my $config, '>', "$folder/prometheus.yml" or die;
print $config join "\n", 'global: {scrape_interval: 2s, scrape_timeout: 2s, evaluation_interval: 1s}',
	'rule_files:', (map { "  - $_" } @rules),
	"alerting: {alertmanagers: [{static_configs: [{targets: ['127.0.0.1:$alertmanager_port']}]}]}",
	'scrape_configs:', "  - {job_name: sentiment, static_configs: [{targets: ['127.0.0.1:$exporter_port']}]}", '';
close $config;
push @children, start_program("$ENV{TESTLOGDIR}/alertmanager.log", 'prometheus-alertmanager', "--config.file=$docker/alertmanager/alertmanager.yml",
	"--storage.path=$folder/alertmanager", '--cluster.listen-address=', "--web.listen-address=127.0.0.1:$alertmanager_port");
push @children, start_program("$ENV{TESTLOGDIR}/prometheus.log", 'prometheus', "--config.file=$folder/prometheus.yml",
	"--storage.tsdb.path=$folder/tsdb", "--web.listen-address=127.0.0.1:$prometheus_port", '--log.level=warn');
my ($prometheus, $alertmanager) = map { "http://127.0.0.1:$_" } $prometheus_port, $alertmanager_port;

# --- clients. What they do is in a file each, read before each step.
sub mode { my ($client, $mode) = @_; open my $file, '>', "$folder/$client" or die; print $file $mode; close $file; }

sub start_client
{
	my ($client, $step) = @_;
	my $pid = fork() // die;
	if ($pid)
	{
		push @children, $pid;
		return;
	}
	$SIG{TERM} = sub { POSIX::_exit(0) };
	for (;;)
	{
		open my $file, '<', "$folder/$client";
		my $mode = <$file> // 'ordinary';
		eval { $step->($mode) };
		sleep 0.1;
	}
}

mode($_, 'ordinary') for qw(web database);
for my $number (1 .. 3)
{
	my $n = 0;
	start_client('web', sub {
		my ($mode) = @_;
		my @texts = ('a good w17 book', 'an awful w99 book');
		post($exporter, '/predict', { texts => \@texts });
		post($exporter, '/predict', '{"texts": [') if $mode eq 'errors';
		post($exporter, '/batch_predict', { data => [ map { { reviewText => $_ } } @texts ] }) if $n++ % 5 == 0;
		get($exporter, '/metadata') if $n % 20 == $number;
		# as slow as people are: else what is answered between two locks makes those that waited too small a share
		sleep 0.3 if $mode eq 'slow';
	});
}
start_client('database', sub {
	my ($mode) = @_;
	sleep 0.2;
	# predictions that fail, each caught
	$node->psql('postgres', q{DO $$ BEGIN FOR i IN 1 .. 500 LOOP BEGIN
		PERFORM sentiment_predict('good', 'books', features => '{"unknown": 1}'); EXCEPTION WHEN OTHERS THEN NULL; END; END LOOP; END $$})
		if $mode eq 'errors';
	# a lock that predictions wait for
	$node->psql('postgres', 'BEGIN; LOCK TABLE sentiment.deployment IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(1.7); COMMIT') if $mode eq 'locks';
});
# As long as no transaction ends, snapshots stay the same, and sessions that know the deployment under theirs need not wait
# for the lock.
start_client('database', sub {
	my ($mode) = @_;
	sleep 0.2;
	$node->psql('postgres', 'SELECT pg_current_xact_id()') if $mode eq 'locks';
});

# --- questions
my (%has_fired, %has_cleared, %runbooks);

# Whether something becomes true within so many seconds.
sub becomes
{
	my ($seconds, $condition) = @_;
	my $until = time() + $seconds;
	do
	{
		return 1 if eval { $condition->() };
		sleep 0.3;
	} while time() < $until;
	return 0;
}

sub fire
{
	my ($what, @alerts) = @_;
	my %firing;
	becomes(60, sub {
		%firing = alerts_firing($prometheus);
		for my $name (keys %firing)
		{
			$has_fired{$name} = 1;
			$runbooks{$name} = $_->{annotations}{runbook} for @{ $firing{$name} };
		}
		return !grep { !$has_fired{$_} } @alerts;
	});
	for my $alert (@alerts)
	{
		ok($has_fired{$alert}, sprintf('%s: %s fires (at %.0f s)', $what, $alert, time() - $begin)) or diag(explain(grep { $_->{name} eq $alert } rules($prometheus)));
	}
}

sub clear
{
	my ($what, @alerts) = @_;
	my %firing;
	becomes(60, sub { %firing = alerts_firing($prometheus); return !grep { $firing{$_} } @alerts });
	for (@alerts)
	{
		ok(!$firing{$_}, sprintf('%s: %s clears (at %.0f s)', $what, $_, time() - $begin)) or diag(explain($firing{$_}));
		$has_cleared{$_} = 1 unless $firing{$_};
	}
}

# --- an ordinary day
ok(becomes(30, sub { my @up = query($prometheus, 'up{job="sentiment"} == 1'); return @up == 1 }), 'Prometheus has scraped the exporter');
sql(q{
	SELECT sentiment_train('books', 'source', params => '{"C": 1}', deploy => 'always');
	SELECT sentiment_set_shadow('books', 1, 1)});
ok(becomes(40, sub { query($prometheus, 'job_endpoint:api_request_duration_seconds:p95_rate5m{endpoint="/predict"}')
	&& query($prometheus, 'job:api_unavailable:ratio_rate3d') }), 'recording rules have data');
sleep 5;
my @all = rules($prometheus);
my @broken = grep { $_->{health} ne 'ok' } @all;
is(join("\n", map { "$_->{name}: " . ($_->{lastError} // $_->{health}) } @broken), '', 'all rules are evaluated');
is(join(' ', sort keys %{ { alerts_firing($prometheus) } }), '', 'no alert fires on an ordinary day');

# --- models and their data go wrong; each by what a person or the world would do
sql(q{
	UPDATE source SET text = 'unheard words of ' || id || repeat('!', 40 + id % 30), label = CASE WHEN id % 50 = 0 THEN 'maybe' ELSE label END;
	SELECT count(*) FROM sentiment_check_drift('books', 'source');
	SELECT count(*) FROM sentiment_validate('books', store => true);
	SELECT sentiment_train('poor', 'noise', deploy => 'always');
	SELECT sentiment_grant('poor', 'sentiment_exporter', 'predict');
	UPDATE sentiment.model_version SET trained_at = trained_at - interval '40 days';
	UPDATE sentiment.drift_report SET checked_at = checked_at - interval '3 days' WHERE model_id = (SELECT model_id FROM sentiment.model WHERE name = 'orphan')});
sql(q{ALTER TABLE short_lived RENAME TO gone});
$node->psql('postgres', q{SELECT sentiment_retrain('orphan')});
mode($_, 'errors') for qw(web database);
my @wrong = qw(SentimentPsiHigh SentimentDriftDetected SentimentValidationErrors SentimentF1Low SentimentModelStale SentimentRetrainingFailed
	SentimentErrorRateHigh SentimentErrorRateOverObjective SentimentPredictionErrors);
# a job of the same model checks for drift each minute, and would end this one
push @wrong, 'SentimentDriftCheckStale';
fire('all goes wrong', @wrong);
ok(becomes(15, sub { my %known = map { $_ => 1 } alerts_known($alertmanager); return $known{SentimentPsiHigh} }), 'Alertmanager has heard of it');

# --- now everything has data
sub has_data
{
	my ($where, $expression) = @_;
	my $error = '';
	ok(becomes(6, sub { my @samples = eval { query($prometheus, $expression) }; $error = $@; return scalar @samples }), "data: $where")
		or diag("$expression\n$error");
}
has_data("rule $_->{name}", $_->{query}) for grep { $_->{type} eq 'recording' } @all;
my @expressions = map { dashboard_expressions($_) } glob "$docker/grafana/dashboards/*.json";
has_data(@$_) for grep { $_->[1] !~ /sentiment_job_/ } @expressions;

# --- mended
mode($_, 'ordinary') for qw(web database);
sql(q{
	UPDATE source SET text = r.text, label = r.label FROM reviews AS r WHERE r.id = source.id;
	SELECT count(*) FROM sentiment_check_drift('books', 'source');
	SELECT count(*) FROM sentiment_validate('books', store => true);
	SELECT sentiment_drop_model('poor');
	UPDATE sentiment.model_version SET trained_at = trained_at + interval '40 days';
	UPDATE sentiment.drift_report SET checked_at = checked_at + interval '3 days' WHERE model_id = (SELECT model_id FROM sentiment.model WHERE name = 'orphan')});
clear('mended', grep { $_ ne 'SentimentRetrainingFailed' } @wrong);

# --- slow answers
mode('web', 'slow');
mode('database', 'locks');
fire('predictions wait for a lock', qw(SentimentLatencyP95High SentimentLatencyP99High));
mode($_, 'ordinary') for qw(web database);
clear('the lock is gone', qw(SentimentLatencyP95High SentimentLatencyP99High));

# --- what is scheduled fails as long as its source is away
if ($cron)
{
	fire('a job fails', 'SentimentJobFailed');
	has_data(@$_) for grep { $_->[1] =~ /sentiment_job_/ } @expressions;
}
sql(q{ALTER TABLE gone RENAME TO short_lived; SELECT sentiment_retrain('orphan')});
clear('the source is back', 'SentimentRetrainingFailed');

# --- nothing to ask
sql(qq{SELECT sentiment_revoke('$_', 'sentiment_exporter', 'predict')}) for qw(books orphan);
fire('no model may be used', 'SentimentNoModelDeployed');
sql(qq{SELECT sentiment_grant('$_', 'sentiment_exporter', 'predict')}) for qw(books orphan);
clear('models may be used again', 'SentimentNoModelDeployed');

# --- the database goes, and comes without the library
my @availability = map { "SentimentAvailability${_}Burn" } qw(Fast Medium Slow);
$node->stop('fast');
fire('the database is away', 'SentimentDatabaseDown', @availability);
(my $without = $preload) =~ s/,?sentiment//;
$node->append_conf('postgresql.conf', "shared_preload_libraries = '$without'\n");
$node->start;
fire('the library is not preloaded', 'SentimentStatisticsNotLoaded');
$node->append_conf('postgresql.conf', "shared_preload_libraries = '$preload'\n");
$node->restart;
clear('the database is back', 'SentimentDatabaseDown', @availability, 'SentimentStatisticsNotLoaded');

# --- the exporter goes
is(stop_exporter($exporter), 0, 'the exporter ends');
fire('the exporter is away', 'SentimentExporterDown');
begin_exporter();
clear('the exporter is back', 'SentimentExporterDown');

# --- jobs, which had their time meanwhile
if ($cron)
{
	clear('the source is back', 'SentimentJobFailed');
	my $aged = q{UPDATE cron.job_run_details SET start_time = start_time %1$s interval '9 days', end_time = end_time %1$s interval '9 days'};
	sql(q{SELECT sentiment_unschedule('orphan'); UPDATE cron.job SET schedule = '0 0 1 1 *'});
	sql(sprintf $aged, '-');
	fire('jobs have not run for long', 'SentimentJobStale');
	sql(sprintf $aged, '+');
	clear('they run again', 'SentimentJobStale');
}

# --- nothing was forgotten
my @alerts = grep { $cron || !/^SentimentJob/ } map { $_->{name} } grep { $_->{type} eq 'alerting' } @all;
is(join(' ', grep { !$has_fired{$_} || !$has_cleared{$_} } @alerts), '', 'every alert has fired and cleared');
for my $alert (sort keys %runbooks)
{
	my ($status, undef, $error) = $node->psql('postgres', "BEGIN;\n$runbooks{$alert}\n;\nROLLBACK", on_error_stop => 1);
	is("$status $error", '0 ', "the runbook of $alert is SQL that runs");
}
note(sprintf 'took %.0f s', time() - $begin);
done_testing();

END
{
	if (($main_process // 0) == $$)
	{
		my $status = $?;
		stop_program($_) for reverse @children;
		stop_exporter($exporter) if $exporter;
		$? = $status;
	}
}
