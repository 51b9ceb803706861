/*
 * embed.c
 *	  A tool of the build: turns files into C.
 *
 *	embed FOLDER OPENAPI VERSION >embedded.c
 *
 * Every file below FOLDER (which need not exist) becomes an asset of its path, as it is and packed; OPENAPI, in
 * which @VERSION@ is replaced, becomes the OpenAPI document.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#define MAX_ASSETS 256
#define MAX_FILE   (16 << 20)

/* An asset that was written. */
typedef struct Written
{
	char path[512];
	size_t length;
	size_t packed_length;
	unsigned long checksum;
} Written;

static Written assets[MAX_ASSETS];
static unsigned n_assets;

/* Say what is wrong, and end. */
static void __attribute__((noreturn)) fail(const char *what, const char *name)
{
	fprintf(stderr, "embed: %s: %s\n", what, name);
	exit(1);
}

/* The whole of a file. */
static unsigned char *
read_whole(const char *name, size_t *length)
{
	unsigned char *bytes = malloc(MAX_FILE);
	FILE *file = fopen(name, "rb");

	if (bytes == NULL || file == NULL)
		fail("cannot read", name);
	*length = fread(bytes, 1, MAX_FILE, file);
	if (*length == MAX_FILE)
		fail("too large", name);
	fclose(file);
	return bytes;
}

/* Write an array of bytes. */
static void
write_bytes(const char *name, unsigned number, const unsigned char *bytes, size_t length)
{
	printf("static const unsigned char %s%u[] = {", name, number);
	for (size_t i = 0; i < length; i++)
		printf("%s%u,", i % 24 == 0 ? "\n" : "", bytes[i]);
	printf("%s};\n", length == 0 ? "0" : "");
}

/* Pack bytes as gzip; the length, 0 if that is of no use. */
static size_t
pack(const unsigned char *bytes, size_t length, unsigned char *packed, size_t room)
{
	z_stream stream = {0};

	if (deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK)
		fail("zlib", "deflateInit2");
	stream.next_in = (Bytef *) bytes;
	stream.avail_in = (uInt) length;
	stream.next_out = packed;
	stream.avail_out = (uInt) room;
	if (deflate(&stream, Z_FINISH) != Z_STREAM_END || stream.total_out >= length)
		stream.total_out = 0;
	deflateEnd(&stream);
	return stream.total_out;
}

/* Write one file as an asset. */
static void
embed_file(const char *name, const char *path)
{
	Written *asset = &assets[n_assets];
	unsigned char *bytes = read_whole(name, &asset->length);
	unsigned char *packed = malloc(asset->length + 1024);

	if (n_assets == MAX_ASSETS || packed == NULL)
		fail("too many files", name);
	if (strlen(path) >= sizeof(asset->path))
		fail("too long a name", name);
	memcpy(asset->path, path, strlen(path) + 1);
	asset->packed_length = pack(bytes, asset->length, packed, asset->length + 1024);
	asset->checksum = crc32(0, bytes, (uInt) asset->length);
	write_bytes("asset", n_assets, bytes, asset->length);
	write_bytes("packed", n_assets, packed, asset->packed_length);
	n_assets++;
	free(bytes);
	free(packed);
}

/* Write all files of a folder. */
static void
embed_folder(const char *folder, const char *path)
{
	struct dirent **entries;
	int n = scandir(folder, &entries, NULL, alphasort);

	for (int i = 0; i < n; i++)
	{
		char name[1024];
		char below[1024];
		struct stat status;

		if (entries[i]->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", folder, entries[i]->d_name);
		snprintf(below, sizeof(below), "%s/%s", path, entries[i]->d_name);
		if (stat(name, &status) != 0)
			fail("cannot read", name);
		if (S_ISDIR(status.st_mode))
			embed_folder(name, below);
		else
			embed_file(name, below);
	}
}

/* Write the OpenAPI document. */
static void
embed_openapi(const char *name, const char *version)
{
	size_t length;
	unsigned char *bytes = read_whole(name, &length);
	unsigned char *end = bytes + length;

	printf("const unsigned char openapi_document[] = {");
	for (unsigned char *place = bytes; place < end; place++)
		if (end - place >= 9 && memcmp(place, "@VERSION@", 9) == 0)
		{
			for (const char *digit = version; *digit != '\0'; digit++)
				printf("%d,", *digit);
			place += 8;
		}
		else
			printf("%s%u,", (place - bytes) % 24 == 0 ? "\n" : "", *place);
	printf("};\nconst size_t openapi_length = sizeof(openapi_document);\n");
	free(bytes);
}

int
main(int argc, char **argv)
{
	if (argc != 4)
		fail("usage", "embed FOLDER OPENAPI VERSION");
	printf("/* made by embed.c */\n#include \"assets.h\"\n\n");
	embed_openapi(argv[2], argv[3]);
	embed_folder(argv[1], "");
	printf("const Asset assets[] = {\n");
	for (unsigned i = 0; i < n_assets; i++)
		printf("\t{\"%s\", asset%u, %zu, packed%u, %zu, \"\\\"%08lx-%zx\\\"\"},\n", assets[i].path,
			   i, assets[i].length, i, assets[i].packed_length, assets[i].checksum,
			   assets[i].length);
	printf("\t{0, 0, 0, 0, 0, 0},\n};\nconst size_t n_assets = %u;\n", n_assets);
	return 0;
}
