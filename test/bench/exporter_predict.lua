-- wrk: POST /predict with one review of the file REVIEWS (one JSON body per line) after the other.
local bodies = {}
local n = 0

function init(args)
	for line in io.lines(os.getenv("REVIEWS")) do
		bodies[#bodies + 1] = wrk.format("POST", os.getenv("BENCH_PATH") or "/predict", {["Content-Type"] = os.getenv("BENCH_TYPE") or "application/json"}, line)
	end
end

function request()
	n = n % #bodies + 1
	return bodies[n]
end

function done(summary, latency, requests)
	local errors = summary.errors
	io.write(string.format("RESULT %.0f %.3f %.3f %d\n", summary.requests / (summary.duration / 1e6),
		latency:percentile(50) / 1000, latency:percentile(99) / 1000,
		errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
