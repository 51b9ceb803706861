/*
 * pages.c
 *	  GET / and the page's files, and GET /openapi.json: what is part of the program.
 */
#include <string.h>

#include "assets.h"
#include "routes.h"

/* What the page may do: talk to this server only. */
#define PAGE_POLICY                                                                   \
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " \
	"font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "      \
	"frame-ancestors 'none'"

static const char plain_page[] =
	"<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
	"<title>sentiment</title></head><body><h1>sentiment</h1>\n<ul>\n"
	"<li><a href=\"/health\">health</a></li>\n<li><a href=\"/ready\">ready</a></li>\n"
	"<li><a href=\"/metadata\">models</a></li>\n<li><a href=\"/metrics\">metrics</a></li>\n"
	"<li><a href=\"/openapi.json\">OpenAPI document</a></li>\n</ul></body></html>\n";

/* The page's own files, by the end of their names. */
static const char *
content_type_of(const char *path)
{
	static const char *const types[][2] = {
		{".html", "text/html; charset=utf-8"},
		{".js", "text/javascript; charset=utf-8"},
		{".css", "text/css; charset=utf-8"},
		{".svg", "image/svg+xml"},
		{".png", "image/png"},
		{".ico", "image/x-icon"},
		{".woff2", "font/woff2"},
		{".json", "application/json"},
		{".txt", "text/plain; charset=utf-8"},
		{".webmanifest", "application/manifest+json"},
	};
	size_t length = strlen(path);

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (length > strlen(types[i][0]) &&
			strcmp(path + length - strlen(types[i][0]), types[i][0]) == 0)
			return types[i][1];
	return "application/octet-stream";
}

/* Answer with bytes that stay, or that they are known already. */
static void
answer_asset(Request *request, const Asset *asset, const char *type, const char *policy)
{
	const char *known = request_header(request, "If-None-Match");
	bool is_known = known != NULL && asset->etag != NULL && strstr(known, asset->etag) != NULL;
	bool packed = !is_known && asset->packed_length > 0 && request_accepts_gzip(request);
	size_t length = is_known ? 0 : packed ? asset->packed_length : asset->length;
	const unsigned char *bytes = packed ? asset->packed : asset->bytes;
	struct MHD_Response *response =
		MHD_create_response_from_buffer(length, (void *) (uintptr_t) bytes, MHD_RESPMEM_PERSISTENT);
	ExporterError error;

	if (response == NULL)
	{
		error_set(&error, ERROR_OVERLOADED, "out of memory");
		request_answer_error(request, &error);
		return;
	}
	request_add_headers(request, response, is_known ? NULL : type);
	MHD_add_response_header(response, "Content-Security-Policy", policy);
	/* a file whose name changes with its content may be kept */
	MHD_add_response_header(response, "Cache-Control",
							asset->path != NULL && strncmp(asset->path, "/assets/", 8) == 0
								? "public, max-age=86400"
								: "no-cache");
	if (asset->etag != NULL)
		MHD_add_response_header(response, "ETag", asset->etag);
	if (asset->packed_length > 0)
		MHD_add_response_header(response, "Vary", "Accept-Encoding");
	if (packed)
		MHD_add_response_header(response, "Content-Encoding", "gzip");
	request_answer_with(request, is_known ? 304 : 200, response, length);
}

/* The path of a request without what follows a question mark. */
static bool
is_path(const Request *request, const char *path)
{
	size_t length = request->path == NULL ? 0 : strcspn(request->path, "?#");

	return length == strlen(path) && memcmp(request->path, path, length) == 0;
}

void
page_handle(Request *request)
{
	static const Asset plain = {
		NULL, (const unsigned char *) plain_page, sizeof(plain_page) - 1, NULL, 0, NULL};
	ExporterError error;

	for (size_t i = 0; i < n_assets; i++)
		if (is_path(request, assets[i].path) ||
			(is_path(request, "/") && strcmp(assets[i].path, "/index.html") == 0))
		{
			answer_asset(request, &assets[i], content_type_of(assets[i].path), PAGE_POLICY);
			return;
		}
	if (is_path(request, "/") || is_path(request, "/index.html"))
	{
		answer_asset(request, &plain, "text/html; charset=utf-8", PAGE_POLICY);
		return;
	}
	error_set(&error, ERROR_NOT_FOUND, "there is no such page");
	request_answer_error(request, &error);
}

void
openapi_handle(Request *request)
{
	TextBuffer body = {0};

	text_buffer_append(&body, openapi_document, openapi_length);
	request_answer(request, 200, "application/json", &body);
}
