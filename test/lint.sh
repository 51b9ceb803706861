#!/usr/bin/env bash
# Formatting, static analysis, warnings as errors, and a few rules of the house.
set -uo pipefail
cd "$(dirname "$0")/.."
mkdir -p build
test/install_dependencies.sh lint || exit 1
status=0
problem() {
	echo "lint: $1" >&2
	status=1
}

generated='src/core/text/stop_word_lists.c|src/core/text/html_entities.c|src/core/text/unicode_ranges.h|test/unit/fixtures/|test/unit/.*_fixture.h'
sources=$(git ls-files '*.c' '*.h' | grep -vE "$generated")
# shellcheck disable=SC2086
clang-format --dry-run -Werror $sources 2>build/lint-format.log || { head -40 build/lint-format.log; problem "formatting (run clang-format -i)"; }

if grep -rnE '#include[[:space:]]*[<"](postgres|fmgr|utils/|executor/|catalog/|libpq)' src/core; then
	problem "src/core includes a header of PostgreSQL"
fi
if grep -rnE '#include[[:space:]]*[<"](core|extension|postgres\.h|utils/)' src/exporter; then
	problem "src/exporter includes a header of the core, the extension or the server"
fi
if grep -rnE '#include[[:space:]]*[<"](exporter/)' src/core src/extension; then
	problem "the core or the extension includes a header of the exporter"
fi
if git grep -nE '(^|[^A-Za-z0-9_.])/(work|farm|root)/' -- . ':!test/lint.sh' ':!.gitignore'; then
	problem "a path of one machine is in the tree"
fi

cppcheck --quiet --std=c11 --enable=warning,portability,performance --error-exitcode=1 --inline-suppr \
	--suppress=missingIncludeSystem --suppress=unknownMacro --suppress=invalidPointerCast \
	--suppress=internalAstError --suppress=invalidFunctionArg -j2 -Isrc src/core src/exporter || problem "cppcheck"

# Warnings as errors, in objects of their own. The server's headers and its calling convention leave
# parameters unused, and compare signed sizes with unsigned ones.
mkdir -p build/lint
includes="-Isrc -Itest/unit -D_GNU_SOURCE -I$("${PG_CONFIG:-pg_config}" --includedir-server)"
strict="-std=gnu11 -O2 -Wall -Wextra -Werror"
git ls-files 'src/core/*.c' 'test/unit/*.c' | xargs -P2 -I{} sh -c "gcc $strict $includes -c {} -o build/lint/\$(echo {} | tr / _).o" || problem "warnings in the core or its tests"
git ls-files 'src/extension/*.c' | xargs -P2 -I{} sh -c "gcc $strict -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers -fPIC $includes -c {} -o build/lint/\$(echo {} | tr / _).o" || problem "warnings in the extension"

git ls-files 'src/exporter/*.c' | xargs -P2 -I{} sh -c "gcc -std=c11 -D_GNU_SOURCE -DEXPORTER_VERSION='\"\"' -O2 -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Werror $(pkg-config --cflags libpq libmicrohttpd zlib) -c {} -o build/lint/\$(echo {} | tr / _).o" || problem "warnings in the exporter"

# The web page: types, formatting, and that the bundle is that of the sources.
page=src/exporter/page
if grep -nE '"resolved"|registry\.' $page/package-lock.json; then
	problem "the page's lock file names a registry"
fi
if command -v node >/dev/null && command -v npm >/dev/null; then
	if make -s page-tools >build/lint-page.log 2>&1; then
		(cd $page && npm run --silent check && npx prettier --config .prettierrc.json --log-level warn --check source build.js ../../../test/page/*.js) \
			>>build/lint-page.log 2>&1 || { cat build/lint-page.log; problem "types or formatting of the page"; }
		node $page/build.js build/lint/page >>build/lint-page.log 2>&1 || { cat build/lint-page.log; problem "the page cannot be bundled"; }
		diff -rq $page/dist build/lint/page || problem "the page's bundle is not that of its sources (run make page)"
	else
		cat build/lint-page.log
		problem "the page's tools could not be installed"
	fi
else
	echo "lint: Node.js and npm are not there: the page is not checked"
fi

[ $status = 0 ] && echo "lint: clean"
exit $status
