/* SPDX-License-Identifier: MIT */
/*
 * main.conf: good files, and each mistake with its line and words.
 */
#include "config.h"

#include "util/timestamp.h"
#include "sys/main_config.h"

#include "test_sys_scratch.h"
#include "unit.h"

UNIT_SUITE(test_sys_main_config);

#define TEXT_SIZE 8192

/* A file without a mistake, line by line. */
static const char *const base[] = {
	"[main]",
	"listen = 127.0.0.1:25800",
	"state = /s",
	"[ledger]",
	"statement = /t",
	"[backend A]",
	"address = 127.0.0.1:21800",
	"[backend B]",
	"address = 127.0.0.1:22800",
};

/* The file above with @text in place of line @line. */
static const char *put_base(size_t line, const char *text)
{
	struct buf b = { 0 };
	const char *path;

	for (size_t i = 1; i <= ELEMENTS(base); i++)
		ck_assert_int_eq(
			buf_addf(&b, "%s\n", i == line ? text : base[i - 1]),
			0);
	path = scratch_put("main.conf", b.data, b.len, 0644);
	buf_done(&b);
	return path;
}

static struct main_config *read_good(const char *path)
{
	struct main_config *c = NULL;
	struct buf faults = { 0 };
	int r;

	r = main_config_read(path, &c, &faults);
	ck_assert_msg(r == 0, "%d: %.*s", r, (int)faults.len,
		      (char *)faults.data);
	ck_assert_uint_eq(faults.len, 0);
	buf_done(&faults);
	return c;
}

static void check_address(const struct address *a, const char *expected)
{
	char text[ADDRESS_TEXT_SIZE];

	address_format(a, text);
	ck_assert_str_eq(text, expected);
}

/* Without an end of its last line, and with white space all over. */
static const char all_keys[] =
	"# a comment\n"
	"; another\n"
	"\n"
	"[ \tmain ]   # here too\n"
	"listen=127.0.0.1:25800,10.0.0.1:26800 ,\t[::1]:0 ; and here\n"
	"\t source\t=\t10.0.0.1:24800\t\n"
	"state = /var/lib/a;b#c\n"
	"key_file = /k\n"
	"datagram_size = 65507\n"
	"start_wait = 0\n"
	"request_timeout = 3600\n"
	"allow_anonymous_network = yes\n"
	"max_clients = 100000\n"
	"[ledger]\n"
	"initial_balance = 1000000000000000\n"
	"coin = \xe2\x82\xbf'\\\n"
	"statement = /t\n"
	"copies = 2\n"
	"accept_gaps = yes\n"
	"[backend A]\n"
	"address = 10.0.0.2:1\n"
	"lost = yes\n"
	"[backend\tb_2.c]\n"
	"address = 127.0.0.1:65535\n"
	"lost = no\n"
	"[backend 1234567890123456]\n"
	"address = 10.0.0.2:2";

static void check_main(const struct main_config *c)
{
	ck_assert_uint_eq(c->listens, 3);
	check_address(&c->listen[0], "127.0.0.1:25800");
	check_address(&c->listen[1], "10.0.0.1:26800");
	check_address(&c->listen[2], "[::1]:0");
	check_address(&c->source, "10.0.0.1:24800");
	ck_assert_str_eq(c->state, "/var/lib/a;b#c");
	ck_assert_str_eq(c->key_file, "/k");
	ck_assert_uint_eq(c->datagram_size, 65507);
	ck_assert_int_eq(c->start_wait, 0);
	ck_assert_int_eq(c->request_timeout, 3600 * USEC_PER_SEC);
	ck_assert(c->allow_anonymous_network);
	ck_assert_uint_eq(c->max_clients, 100000);
}

static void check_ledger(const struct main_config *c)
{
	ck_assert_uint_eq(c->initial_balance, UINT64_C(1000000000000000));
	ck_assert_str_eq(c->coin, "\xe2\x82\xbf'\\");
	ck_assert_str_eq(c->statement, "/t");
	ck_assert_uint_eq(c->copies, 2);
	ck_assert(c->accept_gaps);

	ck_assert_uint_eq(c->backends, 3);
	ck_assert_str_eq(c->backend[0].name, "A");
	check_address(&c->backend[0].address, "10.0.0.2:1");
	ck_assert(c->backend[0].lost);
	ck_assert_str_eq(c->backend[1].name, "b_2.c");
	check_address(&c->backend[1].address, "127.0.0.1:65535");
	ck_assert(!c->backend[1].lost);
	ck_assert_str_eq(c->backend[2].name, "1234567890123456");
	check_address(&c->backend[2].address, "10.0.0.2:2");
	ck_assert(!c->backend[2].lost);
}

START_TEST(all_keys_are_read)
{
	struct main_config *c = read_good(scratch_text("all", all_keys));

	check_main(c);
	check_ledger(c);
	main_config_free(c);
}
END_TEST

/* The same as an editor of another system writes it. */
START_TEST(carriage_returns_are_no_matter)
{
	struct main_config *c;
	struct buf b = { 0 };

	for (const char *p = all_keys; *p; p++)
		ck_assert_int_eq(buf_addf(&b, *p == '\n' ? "\r%c" : "%c", *p),
				 0);
	c = read_good(scratch_put("crlf", b.data, b.len, 0644));
	check_main(c);
	check_ledger(c);
	main_config_free(c);
	buf_done(&b);
}
END_TEST

START_TEST(defaults)
{
	struct main_config *c = read_good(put_base(1, "[main]"));

	check_address(&c->source, "127.0.0.1:0");
	ck_assert_ptr_null(c->key_file);
	ck_assert_uint_eq(c->datagram_size, 0);
	ck_assert_int_eq(c->start_wait, 10 * USEC_PER_SEC);
	ck_assert_int_eq(c->request_timeout, 5 * USEC_PER_SEC);
	ck_assert(!c->allow_anonymous_network);
	ck_assert_uint_eq(c->max_clients, 4096);
	ck_assert_uint_eq(c->initial_balance, 1000);
	ck_assert_str_eq(c->coin, "alicoins");
	ck_assert_uint_eq(c->copies, 1);
	ck_assert(!c->accept_gaps);
	ck_assert(!c->backend[0].lost);
	main_config_free(c);
}
END_TEST

START_TEST(stock_file)
{
	struct main_config *c;
	size_t len;
	char *text;

	text = scratch_source("etc/main.conf", &len);
	c = read_good(scratch_text("stock", text));
	ck_assert_uint_eq(c->listens, 2);
	check_address(&c->listen[1], "127.0.0.1:26800");
	check_address(&c->source, "127.0.0.1:24800");
	ck_assert_uint_eq(c->backends, 3);
	ck_assert_str_eq(c->backend[2].name, "C");
	check_address(&c->backend[2].address, "127.0.0.1:23800");
	main_config_free(c);
	free(text);
}
END_TEST

/* What the stock file shows commented out is what is in force without it. */
START_TEST(stock_file_shows_the_defaults)
{
	struct main_config *stock;
	struct main_config *shown;
	size_t len;
	char *text;

	text = scratch_source("etc/main.conf", &len);
	stock = read_good(scratch_text("stock", text));
	for (char *p = text; (p = strchr(p, '#')); p++)
		if (p[1] >= 'a' && p[1] <= 'z')
			*p = ' ';
	shown = read_good(scratch_text("shown", text));

	ck_assert_uint_eq(shown->datagram_size, stock->datagram_size);
	ck_assert_int_eq(shown->start_wait, stock->start_wait);
	ck_assert_int_eq(shown->request_timeout, stock->request_timeout);
	ck_assert_uint_eq(shown->max_clients, stock->max_clients);
	ck_assert_int_eq(shown->allow_anonymous_network,
			 stock->allow_anonymous_network);
	ck_assert_int_eq(shown->accept_gaps, stock->accept_gaps);
	/* The one that has no default. */
	ck_assert_str_eq(shown->key_file, "/etc/alichain/cluster.key");
	main_config_free(stock);
	main_config_free(shown);
	free(text);
}
END_TEST

static const struct mistake {
	size_t line;
	const char *text;
	const char *faults;
} mistakes[] = {
	/* The shape of the file. */
	{ 1, "key = value\n[main]",
	  ":1: 'key' stands before the first [section]\n" },
	{ 6, "[backup A]",
	  ":6: unknown section [backup], expected one of [main], [ledger],"
	  " [backend NAME]\n" },
	{ 2, "listen = 127.0.0.1:1\nport = 1",
	  ":3: unknown key 'port' in [main], expected one of listen, source,"
	  " state, key_file, datagram_size, start_wait, request_timeout,"
	  " allow_anonymous_network, max_clients\n" },
	{ 5, "statement = /t\nlisten = 127.0.0.1:1",
	  ":6: unknown key 'listen' in [ledger], expected one of"
	  " initial_balance, coin, statement, copies, accept_gaps\n" },
	{ 3, "state = /s\nlisten = 127.0.0.1:1",
	  ":4: 'listen' already given on line 2\n" },
	{ 8, "[main]\nstate = /again\nbogus = 1\n[backend B]",
	  ":8: [main] already given on line 1\n"
	  ":10: unknown key 'bogus' in [main], expected one of listen, source,"
	  " state, key_file, datagram_size, start_wait, request_timeout,"
	  " allow_anonymous_network, max_clients\n" },
	{ 8, "[backend A]", ":8: [backend A] already given on line 6\n" },
	{ 3,
	  "state =", ":3: 'state' has no value, expected 'state = value'\n" },
	{ 3, "state = # /s",
	  ":3: 'state' has no value, expected 'state = value'\n" },
	{ 3, "state",
	  ":1: [main] lacks 'state'\n"
	  ":3: expected 'key = value' or [section]\n" },
	{ 3, "state = /s\n= 7", ":4: expected 'key = value' or [section]\n" },
	{ 3, "state = /s\nstart wait = 7",
	  ":4: unknown key 'start wait' in [main], expected one of listen,"
	  " source, state, key_file, datagram_size, start_wait,"
	  " request_timeout, allow_anonymous_network, max_clients\n" },
	{ 6, "[backend A", ":6: expected [section] or [section NAME]\n" },
	{ 6, "[]", ":6: expected [section] or [section NAME]\n" },
	{ 6, "[[backend A]]", ":6: expected [section] or [section NAME]\n" },
	{ 6, "[backend A B]", ":6: expected [section] or [section NAME]\n" },
	{ 6, "[backend A] x", ":6: expected [section] or [section NAME]\n" },
	{ 6, "[backend]", ":6: expected a name: [backend NAME]\n" },
	{ 1, "[main daemon]",
	  ":1: expected [main] without a name\n"
	  ":9: there is no [main] section\n" },
	{ 3, "state = /\xff",
	  ":1: [main] lacks 'state'\n"
	  ":3: not valid UTF-8\n" },
	{ 3, "state = /s\x1b[m",
	  ":1: [main] lacks 'state'\n"
	  ":3: control character 27 in column 11\n" },
	/* Values. */
	{ 2, "listen = 127.0.0.1",
	  ":2: 'listen': expected IP:PORT as in 127.0.0.1:21800 or"
	  " [::1]:21800, not \"127.0.0.1\"\n" },
	{ 2, "listen = a, 127.0.0.1:1, b",
	  ":2: 'listen': expected IP:PORT as in 127.0.0.1:21800 or"
	  " [::1]:21800, not \"a\"\n"
	  ":2: 'listen': expected IP:PORT as in 127.0.0.1:21800 or"
	  " [::1]:21800, not \"b\"\n" },
	{ 2, "listen = 127.0.0.1:1,, 127.0.0.1:2",
	  ":2: 'listen' has an empty item, expected values with commas between"
	  " them\n" },
	{ 2, "listen = 127.0.0.1:1,",
	  ":2: 'listen' has an empty item, expected values with commas between"
	  " them\n" },
	{ 2, "listen = 127.0.0.1:1, 127.0.0.1:2, 127.0.0.1:1",
	  ":2: 'listen' has 127.0.0.1:1 twice\n" },
	{ 2, "listen = 10.0.0.1:1, 127.0.0.1:1, [::]:1",
	  ":2: 'listen': 10.0.0.1:1 is not a loopback address, expected"
	  " 'allow_anonymous_network = yes' with it\n"
	  ":2: 'listen': [::]:1 is not a loopback address, expected"
	  " 'allow_anonymous_network = yes' with it\n" },
	{ 3, "state = s",
	  ":3: 'state': expected a path that begins with /, not \"s\"\n" },
	{ 3, "state = ~/s",
	  ":3: 'state': expected a path that begins with /, not \"~/s\"\n" },
	{ 3, "state = /s\nkey_file = k",
	  ":4: 'key_file': expected a path that begins with /, not \"k\"\n" },
	{ 5, "statement = t",
	  ":5: 'statement': expected a path that begins with /, not \"t\"\n" },
	{ 3, "state = /s\ndatagram_size = big",
	  ":4: 'datagram_size': expected auto or a plain number from 1200 to"
	  " 65507, not \"big\"\n" },
	{ 3, "state = /s\nstart_wait = 3601",
	  ":4: 'start_wait': expected a plain number from 0 to 3600, not"
	  " \"3601\"\n" },
	{ 3, "state = /s\nrequest_timeout = 0",
	  ":4: 'request_timeout': expected a plain number from 1 to 3600, not"
	  " \"0\"\n" },
	{ 3, "state = /s\nrequest_timeout = 1.5",
	  ":4: 'request_timeout': expected a plain number from 1 to 3600, not"
	  " \"1.5\"\n" },
	{ 3, "state = /s\nmax_clients = 0",
	  ":4: 'max_clients': expected a plain number from 1 to 100000, not"
	  " \"0\"\n" },
	{ 3, "state = /s\nmax_clients = 100001",
	  ":4: 'max_clients': expected a plain number from 1 to 100000, not"
	  " \"100001\"\n" },
	{ 3, "state = /s\nmax_clients = 010",
	  ":4: 'max_clients': expected a plain number from 1 to 100000, not"
	  " \"010\"\n" },
	{ 3, "state = /s\nmax_clients = 0x10",
	  ":4: 'max_clients': expected a plain number from 1 to 100000, not"
	  " \"0x10\"\n" },
	{ 3, "state = /s\nmax_clients = -1",
	  ":4: 'max_clients': expected a plain number from 1 to 100000, not"
	  " \"-1\"\n" },
	{ 3, "state = /s\nmax_clients = 18446744073709551617",
	  ":4: 'max_clients': expected a plain number from 1 to 100000, not"
	  " \"18446744073709551617\"\n" },
	{ 3, "state = /s\nallow_anonymous_network = true",
	  ":4: 'allow_anonymous_network': expected yes or no, not"
	  " \"true\"\n" },
	{ 5, "statement = /t\naccept_gaps = Yes",
	  ":6: 'accept_gaps': expected yes or no, not \"Yes\"\n" },
	{ 5, "statement = /t\ninitial_balance = 1000000000000001",
	  ":6: 'initial_balance': expected a plain number from 0 to"
	  " 1000000000000000, not \"1000000000000001\"\n" },
	{ 5, "statement = /t\ncoin = two words",
	  ":6: 'coin': expected a word of 1 to 32 bytes, not"
	  " \"two words\"\n" },
	{ 5, "statement = /t\ncoin = 123456789012345678901234567890123",
	  ":6: 'coin': expected a word of 1 to 32 bytes, not"
	  " \"123456789012345678901234567890123\"\n" },
	{ 5, "statement = /t\ncoin = a\xc2\xa0z",
	  ":6: 'coin': expected a word of 1 to 32 bytes, not"
	  " \"a\xc2\xa0z\"\n" },
	{ 5, "statement = /t\ncopies = 0",
	  ":6: 'copies': expected a plain number from 1 to 8, not \"0\"\n" },
	{ 6, "[backend A-1]",
	  ":6: expected a name of 1 to 16 letters, digits, '_' or '.',"
	  " without a '.' in front, not \"A-1\"\n" },
	{ 6, "[backend .A]",
	  ":6: expected a name of 1 to 16 letters, digits, '_' or '.',"
	  " without a '.' in front, not \".A\"\n" },
	{ 6, "[backend 12345678901234567]",
	  ":6: expected a name of 1 to 16 letters, digits, '_' or '.',"
	  " without a '.' in front, not \"12345678901234567\"\n" },
	{ 7, "address = 127.0.0.1:0",
	  ":7: 'address': expected a port from 1 to 65535\n" },
	{ 7, "address = 127.0.0.1:1\nlost = 1",
	  ":8: 'lost': expected yes or no, not \"1\"\n" },
	/* What is missing. */
	{ 2, "", ":1: [main] lacks 'listen'\n" },
	{ 3, "", ":1: [main] lacks 'state'\n" },
	{ 5, "", ":4: [ledger] lacks 'statement'\n" },
	{ 9, "", ":8: [backend B] lacks 'address'\n" },
	/* What does not go together. */
	{ 9, "address = 127.0.0.1:21800",
	  ":9: 'address': 127.0.0.1:21800 is that of [backend A] on line 7\n" },
	{ 5, "statement = /t\ncopies = 3",
	  ":6: 'copies': 3 is more than the 2 backends that are not lost\n" },
	{ 5,
	  "statement = /t\ncopies = 2\n[backend C]\n"
	  "address = 127.0.0.1:1\nlost = yes\n[backend D]\n"
	  "address = 127.0.0.1:2\nlost = yes",
	  ":12: 'lost': with 'copies' of 2 at most 1 backends can be done"
	  " without\n" },
	{ 9, "address = 127.0.0.1:1\nlost = yes",
	  ":10: 'lost': with 'copies' of 1 at most 0 backends can be done"
	  " without\n" },
	{ 9, "address = [::1]:22800",
	  ":9: 'address': [::1]:22800 and the 'source' of requests,"
	  " 127.0.0.1:0, must both be IPv4 or both IPv6\n" },
	{ 9, "address = 10.0.0.1:22800",
	  ":9: 'address': 10.0.0.1:22800 cannot be reached from the 'source' of"
	  " requests, the loopback address 127.0.0.1:0\n"
	  ":9: 10.0.0.1:22800 is not a loopback address: the datagrams need a"
	  " key, expected 'key_file'\n" },
	{ 3,
	  "state = /s\nsource = 0.0.0.0:1\n[backend C]\n"
	  "address = 10.0.0.1:2",
	  ":6: 10.0.0.1:2 is not a loopback address: the datagrams need a"
	  " key, expected 'key_file'\n" },
	{ 3, "state = /s\nsource = 24800",
	  ":4: 'source': expected IP:PORT as in 127.0.0.1:21800 or"
	  " [::1]:21800, not \"24800\"\n" },
};

/* ":LINE:" at the start of each line is what they are sorted by. */
START_TEST(each_mistake_has_its_line_and_words)
{
	const struct mistake *m = &mistakes[_i];
	const char *path = put_base(m->line, m->text);
	struct main_config *c = NULL;
	struct buf faults = { 0 };

	ck_assert_int_eq(main_config_read(path, &c, &faults), -EBADMSG);
	scratch_check_faults(path, &faults, m->faults);
	ck_assert_ptr_null(c);
	buf_done(&faults);
}
END_TEST

START_TEST(all_mistakes_are_told_in_the_order_of_their_lines)
{
	const char *path;
	struct main_config *c = NULL;
	struct buf faults = { 0 };

	path = scratch_text("many", "[ledger]\n"
				    "copies = x\n"
				    "[backend A]\n"
				    "lost = x\n"
				    "[main]\n"
				    "bogus\n"
				    "max_clients = x\n");
	ck_assert_int_eq(main_config_read(path, &c, &faults), -EBADMSG);
	scratch_check_faults(
		path, &faults,
		":1: [ledger] lacks 'statement'\n"
		":2: 'copies': expected a plain number from 1 to 8, not"
		" \"x\"\n"
		":3: [backend A] lacks 'address'\n"
		":4: 'lost': expected yes or no, not \"x\"\n"
		":5: [main] lacks 'listen'\n"
		":5: [main] lacks 'state'\n"
		":6: expected 'key = value' or [section]\n"
		":7: 'max_clients': expected a plain number from 1 to 100000,"
		" not \"x\"\n");
	buf_done(&faults);
}
END_TEST

START_TEST(empty_file_lacks_everything)
{
	const char *path = scratch_text("empty", "");
	struct main_config *c = NULL;
	struct buf faults = { 0 };

	ck_assert_int_eq(main_config_read(path, &c, &faults), -EBADMSG);
	scratch_check_faults(path, &faults,
			     ":1: there is no [main] section\n"
			     ":1: there is no [ledger] section\n"
			     ":1: there is no [backend NAME] section\n");
	buf_done(&faults);
}
END_TEST

/* A port that is drawn each time cannot be the same. */
START_TEST(port_0_twice_is_two_ports)
{
	main_config_free(read_good(put_base(2, "listen = 127.0.0.1:0,"
					       " 127.0.0.1:0")));
}
END_TEST

START_TEST(lost_backend_can_be_done_without)
{
	main_config_free(read_good(put_base(5, "statement = /t\ncopies = 2\n"
					       "[backend C]\n"
					       "address = 127.0.0.1:1\n"
					       "lost = yes")));
}
END_TEST

/* A key that the manager passes is as good as one in the file. */
START_TEST(passed_key_stands_for_key_file)
{
	static const char text[] = "state = /s\nsource = 0.0.0.0:1\n"
				   "[backend C]\naddress = 10.0.0.1:2";

	ck_assert_int_eq(setenv("CREDENTIALS_DIRECTORY", scratch_path("."), 1),
			 0);
	(void)scratch_text("cluster.key", "");
	main_config_free(read_good(put_base(3, text)));
	(void)unlink(scratch_path("cluster.key"));
	(void)unsetenv("CREDENTIALS_DIRECTORY");
}
END_TEST

/* @before, and seventeen times @item with a number behind each half. */
static void repeat(struct buf *b, const char *before, const char *item,
		   const char *item_end)
{
	ck_assert_int_eq(buf_addf(b, "%s", before), 0);
	for (int i = 1; i <= 17; i++)
		ck_assert_int_eq(buf_addf(b, "%s%d%s%d", item, i, item_end, i),
				 0);
	ck_assert_int_eq(buf_addf(b, "%c", 0), 0);
}

START_TEST(at_most_sixteen_backends)
{
	struct main_config *c = NULL;
	struct buf faults = { 0 };
	struct buf text = { 0 };
	const char *path;

	repeat(&text,
	       "[main]\nlisten = 127.0.0.1:1\nstate = /s\n[ledger]\n"
	       "statement = /t",
	       "\n[backend ", "]\naddress = 127.0.0.1:");
	path = scratch_text("17", (char *)text.data);
	ck_assert_int_eq(main_config_read(path, &c, &faults), -EBADMSG);
	scratch_check_faults(path, &faults,
			     ":38: expected at most 16 backends\n");
	buf_done(&faults);
	buf_done(&text);
}
END_TEST

START_TEST(at_most_sixteen_addresses)
{
	struct main_config *c = NULL;
	struct buf faults = { 0 };
	struct buf text = { 0 };
	const char *path;

	repeat(&text, "listen = 127.0.0.1:99", ", 127.0.0.", ":");
	path = put_base(2, (char *)text.data);
	ck_assert_int_eq(main_config_read(path, &c, &faults), -EBADMSG);
	scratch_check_faults(
		path, &faults,
		":2: 'listen' has 18 addresses, expected at most 16\n");
	buf_done(&faults);
	buf_done(&text);
}
END_TEST

UNIT_SUITE(test_sys_main_config)
{
	Suite *s = suite_create("sys/main_config");
	TCase *t = tcase_create("main_config");

	scratch_use(t);
	tcase_add_test(t, all_keys_are_read);
	tcase_add_test(t, carriage_returns_are_no_matter);
	tcase_add_test(t, defaults);
	tcase_add_test(t, stock_file);
	tcase_add_test(t, stock_file_shows_the_defaults);
	tcase_add_loop_test(t, each_mistake_has_its_line_and_words, 0,
			    ELEMENTS(mistakes));
	tcase_add_test(t, all_mistakes_are_told_in_the_order_of_their_lines);
	tcase_add_test(t, empty_file_lacks_everything);
	tcase_add_test(t, port_0_twice_is_two_ports);
	tcase_add_test(t, lost_backend_can_be_done_without);
	tcase_add_test(t, passed_key_stands_for_key_file);
	tcase_add_test(t, at_most_sixteen_backends);
	tcase_add_test(t, at_most_sixteen_addresses);
	suite_add_tcase(s, t);
	return s;
}
