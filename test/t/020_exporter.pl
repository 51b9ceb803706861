# The exporter on loopback before a real server: every route, every refusal, bad clients, a database that goes.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use IO::Compress::Gzip qw(gzip);
use IO::Uncompress::Gunzip qw(gunzip);
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Time::HiRes qw(sleep time);
use ExporterTest;
use SentimentTest;
use Test::More;

my $node = start_node('exporter');
$node->safe_psql('postgres', reviews_sql('reviews', 600, 5));
$node->safe_psql('postgres', q{
	CREATE TABLE numbered AS SELECT text, label, id % 7 AS price FROM reviews;
	SELECT sentiment_train('m', 'reviews');
	SELECT sentiment_train('n', 'numbered', numeric_columns => '{price}');
	SELECT sentiment_train('private', 'reviews');
	SELECT count(*) FROM sentiment_check_drift('m', 'reviews')});
is($node->psql('postgres', undef, extra_params => [ '-v', 'database=postgres', '-f', "$ENV{TESTDIR}/role.sql" ]), 0, 'the script of the role runs');
$node->safe_psql('postgres', q{
	SELECT sentiment_grant('m', 'sentiment_exporter', 'predict');
	SELECT sentiment_grant('n', 'sentiment_exporter', 'predict')});
my $database = $node->connstr('postgres') . ' user=sentiment_exporter';
my $exporter = start_exporter('exporter', $database, '--model', 'm', '--request-timeout', '2', '--idle-timeout', '3');
wait_until('ready', sub { get($exporter, '/ready')->{status} == 200 });

# what a response of an error must be
sub is_error
{
	my ($response, $status, $type, $name) = @_;
	my $error = json($response);
	is("$response->{status} " . ($error->{error} // $response->{content}), "$status $type", $name);
	ok($error->{status} == $status && length $error->{detail} && $error->{request_id} eq $response->{headers}{'x-request-id'}, "$name: form");
}

# --- routes
is(json(get($exporter, '/health'))->{status}, 'ok', '/health');
is(json(get($exporter, '/ready'))->{models}, 1, '/ready counts the model of --model');
my $answer = json(post($exporter, '/predict', { texts => [ 'a good w17 w23', 'awful w99', "\x{e9}\x{1f600}" ] }));
is_deeply([ @{ $answer->{labels} }[ 0, 1 ] ], [ 'pos', 'neg' ], 'labels');
is_deeply($answer->{classes}, [ 'neg', 'pos' ], 'classes');
my @expected = split /\n/, $node->safe_psql('postgres', q{SELECT sentiment_score(t, 'm') FROM unnest(ARRAY['a good w17 w23', 'awful w99']) AS t});
ok(abs($answer->{probs}[$_][1] - $expected[$_]) < 1e-9, "probability $_ is the database's") for 0 .. 1;
is("$answer->{model} $answer->{version}", 'm 1', 'model and version');
is_deeply($answer->{warnings}, [], 'no warnings');
$answer = json(post($exporter, '/predict', { texts => ['a good w17'], explain => JSON::PP::true, model => 'm' }));
is($node->safe_psql('postgres', q{SELECT term FROM sentiment_explain('a good w17', 'm') LIMIT 1}), $answer->{explanations}[0][0]{term}, 'explanation');
$answer = json(post($exporter, '/predict', { texts => [ 'x', 'y' ], model => 'n', numeric_features => { price => [ 3, 500 ], other => 1 } }));
like("@{$answer->{warnings}}", qr/"other" is not known/, 'a warning of an unknown number');
like("@{$answer->{warnings}}", qr/texts\[1\]: feature "price": .*standard deviations/, 'and of an outlying one, numbered as in the request');
like("@{json(post($exporter, '/predict', { texts => ['x'], model => 'n' }))->{warnings}}", qr/texts\[0\]: feature "price": missing/, 'and of a missing one');
is_deeply(json(post($exporter, '/predict?model=n', { texts => ['x'], modle => 'm' }))->{warnings}[0], '"modle" is not known, and ignored', 'an unknown member is told');
$answer = json(post($exporter, '/batch_predict', { data => [ map { { reviewText => $_ % 2 ? 'good' : 'awful', asin => 'B0' } } 1 .. 2500 ] }));
is(scalar(@{ $answer->{labels} }), 2500, 'a batch of several parts');
is(join(',', @{ $answer->{labels} }[ 0 .. 3, 2499 ]), 'pos,neg,pos,neg,neg', 'in its order');
my $metadata = json(get($exporter, '/metadata'));
is_deeply([ map { $_->{model} } @{ $metadata->{models} } ], [ 'm', 'n' ], '/metadata shows what the role may use');
is($metadata->{models}[0]{versions}[0]{rows_trained} > 0, 1, 'with versions');
is(scalar(@{ json(get($exporter, '/metadata?model=n'))->{models} }), 1, 'of one model');
my $unknown_model = get($exporter, '/metadata?model=nope');
is("$unknown_model->{status} " . json($unknown_model)->{error}, '404 model_not_found', 'not of an unknown one');
is(get($exporter, '/api/versions?model=nope')->{status}, 404, 'nor its versions');
is(get($exporter, '/api/versions?model=')->{status}, 422, 'without a name');
is_deeply([ map { [ @$_{qw(version stage retired may_ask)} ] } @{ json(get($exporter, '/api/versions?model=m'))->{versions} } ], [ [ 1, 'production', JSON::PP::false, JSON::PP::true ] ],
	'versions and whether they may be asked');
my $live_drift = json(get($exporter, '/api/live_drift?model=m'));
ok(!$live_drift->{counted} && $live_drift->{version} == 1 && !defined $live_drift->{features}, 'live drift of a server that does not count');
is(get($exporter, "/api/live_drift?model=$_->[0]")->{status}, $_->[1], "live drift of $_->[0]") for [ 'nope', 404 ], [ 'm&version=1', 200 ], [ 'm&version=9', 404 ], [ 'm&version=x', 422 ], [ 'private', 404 ], [ '', 422 ];
my $page = get($exporter, '/');
like($page->{content}, qr/<html/, 'a page');
like($page->{headers}{'content-security-policy'}, qr/default-src 'none'/, 'with a policy');

# --- request ids and headers
is(get($exporter, '/health', 'X-Request-ID' => 'abc-1.2:3_X')->{headers}{'x-request-id'}, 'abc-1.2:3_X', 'an id comes back');
like(get($exporter, '/health', 'X-Request-ID' => $_)->{headers}{'x-request-id'}, qr/^[0-9a-f]{32}$/, "a bad id is replaced")
	for 'a b', 'x' x 65, '"';
like(raw($exporter, "GET /health HTTP/1.1\r\nHost: x\r\nX-Request-ID: \xff\r\nConnection: close\r\n\r\n"), qr/X-Request-ID: [0-9a-f]{32}\r/, 'so is one that is not ASCII');
my $headers = post($exporter, '/predict', { texts => ['x'] })->{headers};
is($headers->{'x-content-type-options'} . $headers->{'cache-control'} . $headers->{'x-frame-options'}, 'nosniffno-storeDENY', 'security headers');
wait_until('the log has the id', sub { exporter_log($exporter) =~ /request_id=abc-1\.2:3_X .*path=\/health status=200/ });
pass('the log has a line with the id');

# --- refusals
is_error(get($exporter, '/nothing'), 404, 'not_found', 'unknown path');
is_error(get($exporter, '/assets/x.js'), 404, 'not_found', 'unknown file');
my $not_allowed = get($exporter, '/predict');
is_error($not_allowed, 405, 'method_not_allowed', 'GET /predict');
is($not_allowed->{headers}{allow}, 'POST, OPTIONS', 'Allow');
is_error(post($exporter, '/health', {}), 405, 'method_not_allowed', 'POST /health');
is_error(post($exporter, '/predict', '{}', 'Content-Type' => 'text/plain'), 415, 'unsupported_media_type', 'text/plain');
is_error(post($exporter, '/predict', '{}', 'Content-Type' => 'application/x-ndjson'), 415, 'unsupported_media_type', 'lines for /predict');
is_error(post($exporter, '/predict', '{}', 'Content-Encoding' => 'br'), 415, 'unsupported_media_type', 'unknown encoding');
is_error(post($exporter, '/predict', '{}', 'Content-Encoding' => 'gzip'), 400, 'bad_request', 'not gzip');
foreach my $bad ('', '{', '{"texts":["a"]} x', '{"texts":["\ud800"]}', '{"texts":["\u0000"]}', "{\"texts\":[\"\xff\"]}", "{\"texts\":[\"a\0\"]}",
	'{"texts":["a"],"b":' . ('[' x 100000), '{"a":' x 5000)
{
	is_error(post($exporter, '/predict', $bad), 400, 'invalid_json', 'bad JSON ' . substr($bad, 0, 20) =~ s/[^ -~]/?/gr);
}
foreach my $bad ('[]', '{}', '{"texts":[]}', '{"texts":"x"}', '{"texts":[1]}', '{"texts":["x"],"numeric_features":{"a":"b"}}', '{"texts":["x"],"model":7}',
	'{"texts":["x"],"explain":"yes"}', '{"texts":["' . ('x' x 10001) . '"]}', '{"texts":[' . join(',', ('"x"') x 101) . ']}')
{
	is_error(post($exporter, '/predict', $bad), 422, 'validation_error', 'wrong form ' . substr($bad, 0, 40));
}
is_error(post($exporter, '/batch_predict', '{"data":[{"reviewText":null}]}'), 422, 'validation_error', 'a row without a text');
is_error(post($exporter, '/predict', '{"texts":["x"],"model":"missing"}'), 404, 'model_not_found', 'unknown model');
my $forbidden = post($exporter, '/predict', '{"texts":["x"],"model":"private"}');
is_error($forbidden, 403, 'forbidden', 'a model of others');
is(json($forbidden)->{sqlstate}, '42501', 'with the SQLSTATE');
is(post($exporter, '/predict', '{"texts":["x"],"model":"n","numeric_features":{"price":1e300}}')->{status}, 200, 'a number beyond float4 is missing, as in training');
is_error(post($exporter, '/predict', '{"texts":["' . ('x' x 9000000) . '"]}'), 413, 'payload_too_large', 'a body of 9 MB');
my $bomb = '';
gzip(\('{"texts":["' . ('x' x 20000000) . '"]}') => \$bomb);
is_error(post($exporter, '/predict', $bomb, 'Content-Encoding' => 'gzip'), 413, 'payload_too_large', 'a bomb');
is_error(get($exporter, '/' . ('x' x 5000)), 414, 'uri_too_long', 'a long address');
is_error(get($exporter, '/health', map { ("X-Filler-$_" => 'y' x 1000) } 1 .. 20), 431, 'headers_too_large', 'large headers');
like(raw($exporter, "GET /health HTTP/1.1\r\nHost: x\r\nX-Large: " . ('y' x 200000) . "\r\n\r\n"), qr{^HTTP/1\.1 (431|413|400) }, 'headers beyond all measure');
like(raw($exporter, "NONSENSE\r\n\r\n"), qr{^(HTTP/1\.[01] 400 .*)?$}s, 'no HTTP');
like(raw($exporter, "POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\n"), qr{^(HTTP/1\.1 400 .*)?$}s, 'a bad chunk');
like(raw($exporter, "POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99999999\r\nExpect: 100-continue\r\n\r\n"), qr{^HTTP/1\.1 413 }, 'Expect: 100-continue is refused before the body');
like(raw($exporter, "HEAD /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), qr{^HTTP/1\.1 200 .*\r\n\r\n$}s, 'HEAD has no body');
like(raw($exporter, "OPTIONS /predict HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), qr{^HTTP/1\.1 204 .*Allow: POST, OPTIONS}s, 'OPTIONS');
my $body = '{"texts":["good"]}';
my $one = "POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: " . length($body) . "\r\n";
my $pipelined = raw($exporter, "$one\r\n$body" x 19 . "${one}Connection: close\r\n\r\n$body");
is(scalar(() = $pipelined =~ m{HTTP/1\.1 200 OK}g), 20, 'twenty pipelined requests');
is(raw($exporter, "${one}Connection: close\r\n\r\n" . substr($body, 0, 5), 1) =~ /200/ ? 1 : 0, 0, 'half a body has no answer');

# --- gzip
my $packed = '';
gzip(\encode_json({ texts => [ ('a good w17') x 100 ] }) => \$packed);
my $packed_answer = post($exporter, '/predict', $packed, 'Content-Encoding' => 'gzip', 'Accept-Encoding' => 'gzip');
is($packed_answer->{headers}{'content-encoding'}, 'gzip', 'a packed answer');
my $unpacked = '';
gunzip(\$packed_answer->{content} => \$unpacked);
is(scalar(@{ json($unpacked)->{labels} }), 100, 'to a packed request');
is(post($exporter, '/predict', { texts => [ ('x') x 100 ] }, 'Accept-Encoding' => 'gzip;q=0')->{headers}{'content-encoding'}, undef, 'gzip;q=0 is a no');
is_error(post($exporter, '/predict', substr($packed, 0, -12), 'Content-Encoding' => 'gzip'), 400, 'bad_request', 'gzip that is cut off');

# --- lines
my %lines = ('Content-Type' => 'application/x-ndjson');
my $response = post($exporter, '/batch_predict', qq({"text":"good","id":7}\n"awful"\r\n\n{"text":1,"id":"w"}\nnonsense\n{"reviewText":"lovely","asin":"B","id":"a"}), %lines);
is($response->{headers}{'content-type'}, 'application/x-ndjson', 'lines are answered by lines');
my @got = map { json($_) } split /\n/, $response->{content};
is(join(' ', map { $_->{label} // $_->{error} } @got), 'pos neg validation_error invalid_json pos', 'each with its own answer');
my $all_wrong = post($exporter, '/batch_predict', qq({"id":1}\n\n{"id":2}\n), %lines)->{content};
is(join(', ', map { join ' ', @{ json($_) }{qw(id error)} } split /\n/, $all_wrong), '1 validation_error, 2 validation_error', 'lines that are all wrong');
is("$got[0]{id} $got[2]{id} $got[4]{id}", '7 w a', 'ids come back, with errors too');
my $many = join '', map { sprintf qq({"id":%d,"text":"%s w%d"}\n), $_, $_ % 3 ? 'good' : 'awful', $_ % 100 } 1 .. 100000;
my $before = resident($exporter);
$response = post($exporter, '/batch_predict', $many, %lines);
@got = split /\n/, $response->{content};
is(scalar(@got), 100000, 'a hundred thousand lines');
is(scalar(grep { json($got[$_])->{id} != $_ + 1 } map { $_ * 997 } 0 .. 100), 0, 'in their order');
is(json($got[$_])->{label}, ($_ + 1) % 3 ? 'pos' : 'neg', "line $_ is right") for 0, 2, 50000, 99999;
gzip(\$many => \$packed);
$response = post($exporter, '/batch_predict', $packed, %lines, 'Content-Encoding' => 'gzip', 'Accept-Encoding' => 'gzip');
gunzip(\$response->{content} => \$unpacked);
is($unpacked, join("\n", @got) . "\n", 'the same packed both ways');
cmp_ok(resident($exporter) - $before, '<', 16000, 'in bounded memory');
is_error(post($exporter, '/batch_predict', '"' . ('x' x 300000) . '"', %lines), 413, 'payload_too_large', 'a line without end');
is_error(post($exporter, '/batch_predict', 'x', %lines, 'Content-Encoding' => 'gzip'), 400, 'bad_request', 'lines that are not gzip');
is_error(post($exporter, '/batch_predict?model=missing', '"x"', %lines), 404, 'model_not_found', 'lines for an unknown model');
is(post($exporter, '/batch_predict', '', %lines)->{content}, '', 'no line, no answer');

# --- a version by its number: the labels of version 2 are those of version 1 upside down
$node->safe_psql('postgres', q{
	CREATE VIEW turned AS SELECT text, CASE label WHEN 'pos' THEN 'neg' ELSE 'pos' END AS label FROM reviews;
	SELECT sentiment_train('several', 'reviews');
	SELECT sentiment_train('several', 'turned', deploy => 'never');
	SELECT sentiment_train('several', 'reviews', deploy => 'never') FROM generate_series(1, 2);
	SELECT sentiment_promote('several', 2, 'staging');
	SELECT sentiment_retire('several', 4);
	SELECT sentiment_grant('several', 'sentiment_exporter', 'predict')});
# label and version of the answer
sub answer_of { my $got = json(shift); return join ' ', $got->{labels}[0] // $got->{error}, $got->{version} // $got->{status} }
is(answer_of(post($exporter, '/predict', { texts => ['good'], model => 'several', version => $_ })), ($_ == 1 ? 'pos 1' : 'neg 2'), "version $_") for 1, 2;
is(answer_of(post($exporter, '/predict', { texts => ['good'], model => 'several', version => undef })), 'pos 1', 'null: what is deployed');
is(answer_of(post($exporter, '/predict?model=several&version=2', { texts => ['good'] })), 'neg 2', 'in the address');
is(answer_of(post($exporter, '/predict?model=n&version=9', { texts => ['good'], model => 'several', version => 1 })), 'pos 1', 'the body goes before it');
is(answer_of(post($exporter, '/batch_predict', { data => [ { text => 'awful' } ], model => 'several', version => 2 })), 'pos 2', 'of a batch');
is(post($exporter, '/batch_predict?model=several&version=2', qq("good"\n{"text":"awful"}\n), %lines)->{content} =~ s/,"probability":[^}]+//gr,
	qq({"label":"neg"}\n{"label":"pos"}\n), 'and of lines');
$answer = json(post($exporter, '/predict', { texts => [ 'good w1', 'awful' ], model => 'several', version => 2, explain => JSON::PP::true }));
is(join(' ', @{ $answer->{labels} }), 'neg pos', 'explained');
is(join(',', map { "$_->{term}:" . sprintf '%.9f', $_->{contribution} } @{ $answer->{explanations}[0] }), $node->safe_psql('postgres',
	q{SELECT string_agg(term || ':' || round(contribution::numeric, 9), ',') FROM sentiment_explain('good w1', 'several', version => 2)}), 'by that version');
my $for_others = post($exporter, '/predict', { texts => ['good'], model => 'several', version => 3 });
is_error($for_others, 403, 'forbidden', 'a candidate');
is(json($for_others)->{detail}, 'permission denied for version 3 of model "several"', 'says which');
like(json($for_others)->{hint}, qr/sentiment_promote\('several', 3, 'staging'\)/, 'and what to do');
is_error(post($exporter, '/predict', { texts => ['good'], model => 'several', version => 4 }), 404, 'model_not_found', 'a retired version');
is_error(post($exporter, '/predict', { texts => ['good'], model => 'several', version => 5 }), 404, 'model_not_found', 'a version that is not there');
is_error(post($exporter, '/predict', { texts => ['good'], model => 'missing', version => 1 }), 404, 'model_not_found', 'a version of no model');
is_error(post($exporter, '/predict', { texts => ['good'], model => 'private', version => 1 }), 403, 'forbidden', 'a version of a model of others');
is_error(post($exporter, '/batch_predict?model=several&version=5', '"x"', %lines), 404, 'model_not_found', 'lines for a version that is not there');
is_error(post($exporter, '/predict', qq({"texts":["x"],"version":$_})), 422, 'validation_error', "version $_") for '0', '-1', '1.0', '2147483648', '"1"', 'true', '[1]', '{}', '1,"version":1';
is_error(post($exporter, "/predict?version=$_", { texts => ['x'] }), 422, 'validation_error', "version=$_ in the address") for '', '0', '-1', '01', '1x', '4294967297';
is_error(post($exporter, '/batch_predict?version=x', '"x"', %lines), 422, 'validation_error', 'and of lines');
# requests for several versions that wait at the same moment are not mixed up
my @mixed = map { my $version = $_ % 3; qq({"texts":["good"],"model":"several"@{[ $version ? qq(,"version":$version) : '' ]}}) } 0 .. 299;
my @sockets = map { raw_open($exporter) } @mixed;
syswrite($sockets[$_], "POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: " . length($mixed[$_]) . "\r\n\r\n$mixed[$_]")
	for 0 .. $#mixed;
is(scalar(grep { my ($read) = raw_read($sockets[$_], 10); $read !~ ($_ % 3 == 2 ? qr/"labels":\["neg"\].*"version":2,/ : qr/"labels":\["pos"\].*"version":1,/) } 0 .. $#mixed),
	0, 'each has the answer of its version');
$node->safe_psql('postgres', q{SELECT sentiment_grant('several', 'sentiment_exporter', 'train')});
is(answer_of(post($exporter, '/predict', { texts => ['good'], model => 'several', version => 3 })), 'pos 3', 'who may train may ask a candidate');
$node->safe_psql('postgres', q{SELECT sentiment_drop_model('several')});

# --- metrics
my $metrics = get($exporter, '/metrics');
like($metrics->{headers}{'content-type'}, qr{^text/plain; version=0\.0\.4}, "Prometheus' form");
foreach my $pattern ('api_requests_total\{method="POST",endpoint="/predict",status="200"\} \d+', 'api_request_duration_seconds_bucket\{method="POST",endpoint="/predict",le="0.005"\} \d+',
	'api_errors_total\{method="POST",endpoint="/predict",error_type="invalid_json"\} \d+', 'api_request_size_bytes_sum\{', 'api_response_size_bytes_count\{',
	'predictions_total\{model_name="m"\} \d+', 'prediction_confidence_bucket\{le="\+Inf"\} \d+', 'prediction_duration_count \d+',
	'prediction_labels_total\{label="pos"\} \d+', 'process_resident_memory_bytes \d+', 'sentiment_exporter_pool_connections 2', 'sentiment_exporter_database_up 1')
{
	like($metrics->{content}, qr/^$pattern/m, "metric $pattern");
}
my $open = get($exporter, '/metrics', Accept => 'application/openmetrics-text; version=1.0.0');
like($open->{headers}{'content-type'}, qr{^application/openmetrics-text; version=1\.0\.0}, 'OpenMetrics');
like($open->{content}, qr/# TYPE api_requests counter\n(.*\n)*# EOF\n\z/, 'its form');
foreach my $text ($metrics->{content}, $open->{content})
{
	my %seen;
	is(scalar(grep { $seen{$_}++ } $text =~ /^# TYPE (\S+)/mg), 0, 'each family is there once');
	is(scalar(grep { !/^(#|[a-zA-Z_:][\w:]*(\{\w+="([^"\\]|\\.)*"(,\w+="([^"\\]|\\.)*")*\})? (\S+)$)/ } split /\n/, $text), 0, 'each line is well formed');
}

# --- metrics of the database, in any order, and what is wrong left out
$node->safe_psql('postgres', q{
	DO $do$ BEGIN
		IF to_regprocedure('sentiment_metrics()') IS NOT NULL THEN
			ALTER EXTENSION sentiment DROP FUNCTION sentiment_metrics();
			DROP FUNCTION sentiment_metrics();
		END IF;
	END $do$;
	CREATE FUNCTION sentiment_metrics() RETURNS TABLE (name text, type text, help text, labels jsonb, value float8) LANGUAGE sql AS $$
		VALUES ('db_x_total', 'counter', 'X "quoted"', '{"model": "a\\"b\\\\c"}'::jsonb, 3),
			('db_h_bucket', 'histogram', 'H', '{"le": "0.5"}', 1), ('db_y', 'gauge', E'two\nlines', '{"n": 1, "none": null}', 'NaN'),
			('db_h_bucket', 'histogram', 'H', '{"le": "+Inf"}', 2), ('db_h_sum', 'histogram', 'H', '{}', 1.5), ('db_h_count', 'histogram', 'H', NULL, 2),
			('db_x_total', 'counter', 'X', '{"model": "c"}', 4), ('bad name', 'gauge', '', '{}', 1), ('db_bad', 'gauge', '', '{"b d": 1}', 1),
			('db_type', 'nonsense', '', '{}', 1), ('predictions_total', 'counter', 'taken', '{}', 1) $$});
$node->safe_psql('postgres', q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'sentiment_exporter'});
wait_until('connected anew', sub { get($exporter, '/metrics')->{content} =~ /^db_y/m });
my $theirs = get($exporter, '/metrics')->{content};
like($theirs, qr/# HELP db_x_total X "quoted"\n# TYPE db_x_total counter\ndb_x_total\{model="a\\"b\\\\c"\} 3\ndb_x_total\{model="c"\} 4\n/, 'rows of a family come together');
like($theirs, qr/# TYPE db_h histogram\ndb_h_bucket\{le="0.5"\} 1\ndb_h_bucket\{le="\+Inf"\} 2\ndb_h_sum 1.5\ndb_h_count 2\n/, 'a histogram');
like($theirs, qr/# HELP db_y two\\nlines\n# TYPE db_y gauge\ndb_y\{n="1"\} NaN\n/, 'NaN, numbers and nulls');
unlike($theirs, qr/bad name|db_bad|db_type|nonsense|taken/, 'what is no metric is left out');
like($theirs, qr/sentiment_exporter_dropped_samples_total [1-9]/, 'and counted');

# --- the OpenAPI document and what is served
my $openapi = json(get($exporter, '/openapi.json'));
is($openapi->{openapi}, '3.1.0', 'OpenAPI 3.1');
like($openapi->{info}{version}, qr/^\d+\.\d+\.\d+$/, 'version');
is(json(get($exporter, '/health'))->{version}, $openapi->{info}{version}, 'of the program');
my %example = ('/predict' => { texts => ['good'], explain => JSON::PP::true }, '/batch_predict' => { data => [ { reviewText => 'good' } ] });
my %parameter = (model => 'm', version => 1, report => 1);
# whether a value has the form of a schema, as far as these schemas go: types, required, properties, items, constants
sub conforms
{
	my ($value, $schema) = @_;
	$schema = $openapi->{components}{schemas}{$1} if ($schema->{'$ref'} // '') =~ m{^#/components/schemas/(\w+)$};
	return "const" if exists $schema->{const} && $value ne $schema->{const};
	return "enum" if $schema->{enum} && !grep { $_ eq $value } @{ $schema->{enum} };
	my @types = ref $schema->{type} ? @{ $schema->{type} } : $schema->{type} // ();
	my $is = !defined $value ? 'null' : ref $value eq 'HASH' ? 'object' : ref $value eq 'ARRAY' ? 'array' : ref $value ? 'boolean'
		: encode_json([$value]) =~ /^\["/ ? 'string' : $value =~ /^-?\d+$/ ? 'integer' : 'number';
	return "$is is not one of @types" if @types && !grep { $_ eq $is || ($_ eq 'number' && $is eq 'integer') } @types;
	if ($is eq 'object')
	{
		foreach my $name (@{ $schema->{required} // [] }) { return "$name is missing" unless exists $value->{$name}; }
		foreach my $name (sort keys %$value)
		{
			my $of = $schema->{properties}{$name};
			return "$name is not in the document" if !$of && $schema->{properties} && keys %{ $schema->{properties} } && !$schema->{additional};
			my $wrong = $of ? conforms($value->{$name}, $of) : '';
			return "$name: $wrong" if $wrong;
		}
	}
	if ($is eq 'array' && $schema->{items})
	{
		foreach my $item (@$value) { my $wrong = conforms($item, $schema->{items}); return "item: $wrong" if $wrong; }
	}
	return '';
}
$openapi->{components}{schemas}{Metadata}{properties}{models}{items}{additional} = 1;
foreach my $path (sort keys %{ $openapi->{paths} })
{
	my ($method) = keys %{ $openapi->{paths}{$path} };
	my $operation = $openapi->{paths}{$path}{$method};
	my @wanted = grep { $_->{required} } @{ $operation->{parameters} // [] };
	my $query = join('&', map { "$_->{name}=$parameter{$_->{name}}" } @wanted);
	my $real = $method eq 'get' ? get($exporter, $query eq '' ? $path : "$path?$query") : post($exporter, $path, $example{$path});
	is($real->{status}, 200, "$method $path is served");
	my ($type) = $real->{headers}{'content-type'} =~ /^([^;]+)/;
	my $content = $operation->{responses}{200}{content}{$type};
	ok($content, "$path: $type is in the document");
	is(conforms(json($real), $content->{schema}), '', "$path: the answer is as the document says") if $type eq 'application/json';
	my $other = $method eq 'get' ? post($exporter, $path, {}) : get($exporter, $path);
	is("$other->{status} " . conforms(json($other), $operation->{responses}{405}{content}{'application/json'}{schema}), '405 ', "$path: another method");
	if (@wanted)
	{
		my $missing = get($exporter, $path);
		is("$missing->{status} " . conforms(json($missing), $operation->{responses}{422}{content}{'application/json'}{schema}), '422 ', "$path: without its parameters");
		like(json($missing)->{detail}, qr/"$wanted[0]{name}" is missing/, "$path: names the one");
	}
	if ($method eq 'post')
	{
		foreach my $case ([ 400, '{' ], [ 422, '[]' ], [ 415, '', 'Content-Type' => 'text/plain' ])
		{
			my ($status, $content, %with) = @$case;
			my $refused = post($exporter, $path, $content, %with);
			is("$refused->{status} " . conforms(json($refused), $operation->{responses}{$status}{content}{'application/json'}{schema}), "$status ", "$path: $status");
		}
	}
}
my %endpoints = map { $_ => 1 } get($exporter, '/metrics')->{content} =~ /^api_requests_total\{method="(?:GET|POST)",endpoint="([^"]+)",status="200"\} [1-9]/mg;
is_deeply([ sort grep { $_ ne 'other' } keys %endpoints ], [ sort keys %{ $openapi->{paths} } ], 'the document has every endpoint that answers');

# --- bad clients do no harm
my @idle = map { raw_open($exporter) } 1 .. 300;
my $slow = raw_open($exporter);
syswrite($slow, "POST /predict HTTP/1.1\r\nHost: x\r\n");
my $dripping = raw_open($exporter);
syswrite($dripping, "POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{");
my $started = time();
my $closed = 0;
while (!$closed && time() - $started < 20)
{
	local $SIG{PIPE} = 'IGNORE';
	syswrite($dripping, ' ');
	(undef, $closed) = raw_read($dripping, 0.2);
}
cmp_ok(time() - $started, '<', 15, 'a body that drips is cut off');
ok((raw_read($slow, 10))[1], 'so are headers that do not end');
is(get($exporter, '/health')->{status}, 200, 'others are served meanwhile');
is(scalar(grep { !(raw_read($_, 10))[1] } @idle[ 0, 100, 299 ]), 0, 'idle connections end');
@idle = ();
wait_until('the time is counted', sub { get($exporter, '/metrics')->{content} =~ /error_type="request_timeout"/ });
pass('as a request_timeout');
my $endless = raw_open($exporter);
syswrite($endless, "POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
my ($sent, $text) = (0, '');
{
	local $SIG{PIPE} = 'IGNORE';
	while ($sent < 100)
	{
		my $left = sprintf("%x\r\n%s\r\n", 1048576, 'x' x 1048576);
		my $n = syswrite($endless, $left) // last;
		$left = substr($left, $n);
		while (length $left) { $n = syswrite($endless, $left) // last; $left = substr($left, $n); }
		last if length $left;
		$sent++;
	}
}
cmp_ok($sent, '<', 100, 'a body without end is cut off');

# --- memory
my $load = sub { my ($n) = @_; for (1 .. $n) { my $got = raw($exporter, ("$one\r\n$body" x 49) . "${one}Connection: close\r\n\r\n$body"); } };
$load->(40);
$before = resident($exporter);
$load->(200);
cmp_ok(resident($exporter) - $before, '<', 1024, 'memory does not grow with requests');
cmp_ok(resident($exporter), '<', 40000, 'and is small');

# --- the database goes, and comes back
$node->safe_psql('postgres', q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'sentiment_exporter'});
wait_until('connections are made anew', sub { post($exporter, '/predict', { texts => ['good'] })->{status} == 200 });
pass('terminated connections are made anew');
$node->stop('immediate');
wait_until('the loss is seen', sub { get($exporter, '/ready')->{status} == 503 });
is_error(post($exporter, '/predict', { texts => ['good'] }), 503, 'database_unavailable', 'without a database');
is_error(post($exporter, '/batch_predict', "\"good\"\n", %lines), 503, 'database_unavailable', 'lines without a database');
is(get($exporter, '/metadata')->{headers}{'retry-after'}, 1, 'try again');
is(json(get($exporter, '/health'))->{database}, 'down', '/health still answers');
like(get($exporter, '/metrics')->{content}, qr/^sentiment_exporter_database_up 0$/m, 'so does /metrics');
$node->start;
wait_until('recovery', sub { get($exporter, '/ready')->{status} == 200 });
is(json(post($exporter, '/predict', { texts => ['good'] }))->{labels}[0], 'pos', 'it recovers by itself');

# --- a deployment is seen by the next request; a slow database is given up
$node->safe_psql('postgres', q{SELECT sentiment_train('m', 'reviews', params => '{"C": 0.1}', deploy => 'always')});
is(json(post($exporter, '/predict', { texts => ['good'] }))->{version}, 2, 'the new version answers');
my $impatient = start_exporter('impatient', $database, '--statement-timeout', '300', '--connections', '1', '--log-format', 'json');
wait_until('ready', sub { get($impatient, '/ready')->{status} == 200 });
my $fresh = get($impatient, '/metrics')->{content};
like($fresh, qr/^\Q$_\E 0$/m, "counted from 0 on: $_")
	for 'api_requests_total{method="POST",endpoint="/predict",status="200"}', 'api_requests_total{method="GET",endpoint="/api/drift",status="503"}',
	'api_errors_total{method="POST",endpoint="/predict",error_type="database_timeout"}';
unlike($fresh, qr/^api_request_duration_seconds_count\{method="POST"/m, 'but no durations');
my $lock = $node->background_psql('postgres');
$lock->query_safe('BEGIN; LOCK TABLE sentiment.deployment');
my $late = post($impatient, '/predict', { texts => ['good'], model => 'm' });
is_error($late, 504, 'database_timeout', 'a query that takes too long');
is(json($late)->{sqlstate}, '57014', 'is canceled');
$lock->query_safe('ROLLBACK');
$lock->quit;
is(post($impatient, '/predict', { texts => ['good'], model => 'm' })->{status}, 200, 'and the next one works');
is(scalar(grep { !ref(eval { decode_json($_) }) } split /\n/, exporter_log($impatient)), 0, 'JSON logs are JSON');
is(stop_exporter($impatient), 0, 'ends');

# --- graceful shutdown: a request in flight is answered, no new one taken
my $socket = raw_open($exporter);
$lock = $node->background_psql('postgres');
$lock->query_safe('BEGIN; LOCK TABLE sentiment.deployment');
syswrite($socket, "$one\r\n$body");
wait_until('the request waits', sub { $node->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE usename = 'sentiment_exporter' AND wait_event_type = 'Lock'}) > 0 });
kill 'TERM', $exporter->{pid};
wait_until('it ends', sub { exporter_log($exporter) =~ /ending on SIGTERM/ });
wait_until('nobody listens', sub { !IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $exporter->{port}, Timeout => 1) });
$lock->query_safe('ROLLBACK');
$lock->quit;
my ($last) = raw_read($socket, 20);
like($last, qr{^HTTP/1\.1 200 .*"labels":\["pos"\]}s, 'the request in flight is answered');
is(stop_exporter($exporter), 0, 'exit status 0');

# --- a token, a rate, and HTTPS
my $token_file = "$ENV{TESTDIR}/token";
append_to_file($token_file, "0123456789abcdef0123\n");
my $guarded = start_exporter('guarded', $database, '--token-file', $token_file, '--rate-limit', '5', '--threads', '2');
wait_until('ready', sub { get($guarded, '/ready')->{status} == 200 });
my $refused = post($guarded, '/predict', { texts => ['x'] });
is_error($refused, 401, 'unauthorized', 'no token');
is($refused->{headers}{'www-authenticate'}, 'Bearer', 'WWW-Authenticate');
is_error(get($guarded, '/metrics', Authorization => 'Bearer 0123456789abcdef0124'), 401, 'unauthorized', 'wrong token');
is(post($guarded, '/predict', { texts => ['x'], model => 'm' }, Authorization => 'Bearer 0123456789abcdef0123')->{status}, 200, 'right token');
unlink $token_file;
append_to_file($token_file, "another token of some length\n");
kill 'HUP', $guarded->{pid};
wait_until('read again', sub { exporter_log($guarded) =~ /token is read again/ });
my @statuses = map { post($guarded, '/predict', { texts => ['x'], model => 'm' }, Authorization => 'Bearer another token of some length')->{status} } 1 .. 30;
is($statuses[0], 200, 'the token of SIGHUP') or diag("@statuses");
ok((grep { $_ == 429 } @statuses), 'too many requests');
is(get($guarded, '/health')->{status}, 200, 'probes are not limited');
is(stop_exporter($guarded), 0, 'ends');

# --- the first requests wait for the first connections, in every thread
my $early = start_exporter('early', $database, '--threads', '4', '--model', 'm');
is(join(' ', map { post($early, '/predict', { texts => ['good'] })->{status} } 1 .. 12), join(' ', (200) x 12), 'no request comes too early');
is(stop_exporter($early), 0, 'ends');
my $nowhere = start_exporter('nowhere', "host=$ENV{TESTDIR}/nowhere dbname=postgres", '--threads', '2');
is_error(post($nowhere, '/predict', { texts => ['good'] }), 503, 'database_unavailable', 'no database at the start');
is(stop_exporter($nowhere), 0, 'ends');

my ($key, $certificate) = ("$ENV{TESTDIR}/key.pem", "$ENV{TESTDIR}/certificate.pem");
system_or_bail('openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', $key, '-out', $certificate, '-days', '2', '-subj', '/CN=localhost');
my $secure = start_exporter('secure', $database, '--tls-certificate', $certificate, '--tls-key', $key);
is($secure->{scheme}, 'https', 'HTTPS');
my $request = "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
my ($out, $err);
IPC::Run::run([ 'openssl', 's_client', '-quiet', '-connect', "127.0.0.1:$secure->{port}", '-CAfile', $certificate, '-verify_return_error' ], '<', \$request, '>', \$out, '2>', \$err, IPC::Run::timeout(30));
like($out, qr{HTTP/1\.1 200 .*"status":"ok"}s, 'is served');
IPC::Run::run([ 'openssl', 's_client', '-tls1_1', '-connect', "127.0.0.1:$secure->{port}" ], '<', \'', '>', \$out, '2>', \$err, IPC::Run::timeout(30));
unlike($out, qr/Cipher is (?!\(NONE\))\S+/, 'not with TLS 1.1');
like(raw($secure, "GET /health HTTP/1.1\r\n\r\n"), qr/^(?!HTTP)/, 'plain HTTP is not answered there');
is(stop_exporter($secure), 0, 'ends');

# --- without the extension, and with options that are wrong
$node->safe_psql('postgres', 'CREATE DATABASE without');
my $without = start_exporter('without', $node->connstr('without') . ' user=sentiment_exporter');
wait_until('it says why', sub { json(get($without, '/ready'))->{error} eq 'extension_missing' });
is(get($without, '/ready')->{status}, 503, 'no extension');
is(stop_exporter($without), 0, 'ends');
foreach my $options ([ '--nonsense' ], [ '--threads', '0' ], [ '--threads' ], [ '--tls-key', 'x' ], [ '--log-format', 'xml' ], [ '--listen', 'nonsense' ], [ '--listen', '127.0.0.1:8000000' ])
{
	IPC::Run::run([ $ENV{SENTIMENT_EXPORTER}, @$options ], '>', \$out, '2>', \$err, IPC::Run::timeout(30));
	is($? >> 8, 2, "@$options is refused");
}
IPC::Run::run([ $ENV{SENTIMENT_EXPORTER}, '--help' ], '>', \$out, '2>', \$err, IPC::Run::timeout(30));
like($out, qr/--database CONNINFO/, '--help');
IPC::Run::run([ $ENV{SENTIMENT_EXPORTER}, '--version' ], '>', \$out, '2>', \$err, IPC::Run::timeout(30));
like($out, qr/^sentiment-exporter \d/, '--version');
IPC::Run::run([ $ENV{SENTIMENT_EXPORTER}, '--listen', '192.0.2.1:8000' ], '>', \$out, '2>', \$err, IPC::Run::timeout(30));
is($? >> 8, 1, 'an address of another machine');

$node->stop;
done_testing();
