// SPDX-License-Identifier: BSL-1.0
#include "sample.hpp"

#include <rill/conf/load.hpp>

#include <doctest/doctest.h>

#include <string>

namespace {

struct snippet {
    const char* toml;
    const char* problems; // a line each: line, column, sentence
};

// Files as people break them. Lines and columns count from 1, columns in characters.
const snippet broken[] = {
    // clang-format off
    {R"(workers = "4")",
     R"(1:11: workers must be an integer from 0 to 1024; found "4"; write it without quotes)"},
    {"workers = 1025",
     "1:11: workers must be an integer from 0 to 1024; found 1025"},
    {"workers = -1",
     "1:11: workers must be an integer from 0 to 1024; found -1"},
    {"workers = 1.5",
     "1:11: workers must be an integer from 0 to 1024; found 1.5"},
    {"workers = true",
     "1:11: workers must be an integer from 0 to 1024; found true"},
    {"workers = [1]",
     "1:11: workers must be an integer from 0 to 1024; found a list"},
    {"workers = { a = 1 }",
     "1:11: workers must be an integer from 0 to 1024; found a section"},
    {"workers = 2024-01-01",
     "1:11: workers must be an integer from 0 to 1024; found a date or time"},
    {"workers = 12:30:00",
     "1:11: workers must be an integer from 0 to 1024; found a date or time"},
    {R"(workers = "")",
     R"(1:11: workers must be an integer from 0 to 1024; found "")"},
    {R"(workers = "four")",
     R"(1:11: workers must be an integer from 0 to 1024; found "four")"},
    {"workers = four",
     "1:11: workers must be an integer from 0 to 1024; found four, which is no number"},
    {"workers = 4 threads",
     "1:11: workers must be an integer from 0 to 1024; found 4 threads, which is no number"},
    {"workers = 0x",
     "1:11: workers must be an integer from 0 to 1024; found 0x, which is no number"},
    {"workers = 1_000_",
     "1:11: workers must be an integer from 0 to 1024; found 1_000_, which is no number"},
    {"workers = 007",
     "1:11: workers must be an integer from 0 to 1024; found 007; write 7"},
    {"workers = 99999999999999999999",
     "1:11: workers must be an integer from 0 to 1024; found 99999999999999999999, which is too large"},
    {"workers =",
     "1:10: 'workers' has no value"},
    {"workers",
     "1:8: expected '=' and a value after 'workers'"},
    {"workers 4",
     "1:9: expected '=' and a value after 'workers'"},
    {"workers : 4",
     "1:9: expected '=' and a value after 'workers'"},
    {"workers == 4",
     "1:10: there is one '=' too many"},
    {"= 4",
     "1:1: this is neither [section] nor key = value; a comment begins with #"},
    {".workers = 4",
     "1:1: this is neither [section] nor key = value; a comment begins with #"},
    {"workers. = 4",
     "1:10: 'workers.' is not a key; keys have letters, digits, _ and -"},
    {"workers = 4,",
     "1:12: syntax error: expected the end of the line, found ','"},
    {"workers = 1,000",
     "1:11: a number has no commas; write 1000"},
    {"workers := 4",
     "1:9: '=' stands alone after a key, without ':'"},
    {"log.level = \"\xff\"",
     "1:13: syntax error: this is not UTF-8, which a conf file is in"},
    {"workers = 4;",
     "1:11: workers must be an integer from 0 to 1024; found 4;, which is no number"},
    {R"("workers = 4)",
     "1:1: a quote is not closed"},
    {"wörkers = 4",
     "1:2: 'wörkers' is not a key; keys have letters, digits, _ and -"},
    {"wor kers = 4",
     "1:5: 'wor kers' is not a key; keys have letters, digits, _ and -"},
    {"drain_timeout = 20",
     R"(1:17: drain_timeout must be a duration, such as "60s"; found 20; write "20s" for seconds)"},
    {R"(drain_timeout = "20")",
     R"(1:17: drain_timeout must be a duration, such as "60s"; found "20"; write "20s" for seconds)"},
    {R"(drain_timeout = "20 s")",
     R"(1:17: drain_timeout must be a duration, such as "60s"; found "20 s"; write "20s")"},
    {R"(drain_timeout = "20sec")",
     R"(1:17: drain_timeout must be a duration, such as "60s"; found "20sec"; write "20s")"},
    {R"(drain_timeout = "s")",
     R"(1:17: drain_timeout must be a duration, such as "60s"; found "s")"},
    {R"(drain_timeout = "")",
     R"(1:17: drain_timeout must be a duration, such as "60s"; found "")"},
    {R"(drain_timeout = "1.5s")",
     R"(1:17: drain_timeout must be in whole steps of 1s; found "1.5s")"},
    {R"(drain_timeout = "20ms")",
     R"(1:17: drain_timeout must be in whole steps of 1s; found "20ms")"},
    {R"(drain_timeout = "1s1m")",
     R"(1:17: drain_timeout must be a duration, such as "60s"; found "1s1m")"},
    {R"(drain_timeout = "1m1m")",
     R"(1:17: drain_timeout must be a duration, such as "60s"; found "1m1m")"},
    {R"(drain_timeout = "9999999999h")",
     R"(1:17: drain_timeout must be a duration, such as "60s"; found "9999999999h", which is too long)"},
    {"drain_timeout = 20s",
     R"(1:17: drain_timeout must be a duration, such as "60s"; found 20s; write it in quotes)"},
    {"drain_timeout = 1.5",
     R"(1:17: drain_timeout must be a duration, such as "60s"; found 1.5)"},
    {"drain_timeout = true",
     R"(1:17: drain_timeout must be a duration, such as "60s"; found true)"},
    {R"(drain_timeout = ["1s"])",
     R"(1:17: drain_timeout must be a duration, such as "60s"; found a list)"},
    {R"(drain_timeout = "20S")",
     R"(1:17: drain_timeout must be a duration, such as "60s"; found "20S"; write "20s")"},
    {"drain_timeout = 00:00:20",
     R"(1:17: drain_timeout must be a duration, such as "60s"; found a date or time)"},
    {R"(drain_timeout = "1h 30 min")",
     R"(1:17: drain_timeout must be a duration, such as "60s"; found "1h 30 min"; write "1h30m")"},
    {R"(drain_timeout = "forever")",
     R"(1:17: drain_timeout must be a duration, such as "60s"; found "forever")"},
    {"drain_timeout = 20 s",
     R"(1:17: drain_timeout must be a duration, such as "60s"; found 20 s; write "20s")"},
    {"drain_timeout = “20s”",
     R"(1:17: drain_timeout must be a duration, such as "60s"; found “20s”; quotes are " or ')"},
    {R"(workers = 1
workers = 2)",
     "2:1: 'workers' is already set in line 1"},
    {R"(workers = 1
[log]
[log])",
     "3:1: [log] is already set in line 2"},
    {R"([log]
level = "info"
[log]
levle = "x")",
     R"(3:1: [log] is already set in line 1
4:1: unknown key 'levle' in [log]; did you mean 'level'?)"},
    {R"([log
level = "loud")",
     R"(1:5: the section's header is not closed; write [log]
2:9: log.level must be "debug", "info", "warning" or "error"; found "loud")"},
    {R"([log]]
level = "loud")",
     R"(1:6: expected the end of the line after [log]
2:9: log.level must be "debug", "info", "warning" or "error"; found "loud")"},
    {R"([[log]]
level = "info")",
     "1:1: 'log' is a section; write [log] and its keys on lines of their own"},
    {R"([]
level = "info")",
     "1:2: '' is not the name of a section"},
    {R"([log.]
level = "info")",
     "1:6: 'log.' is not the name of a section"},
    {R"([ log ] x
level = "info")",
     "1:9: expected the end of the line after [log]"},
    {R"([lgo]
level = "info")",
     "1:2: unknown section 'lgo'; did you mean 'log'?"},
    {R"([lgo]
levl = "info")",
     R"(1:2: unknown section 'lgo'; did you mean 'log'?
2:1: unknown key 'levl' in [log]; did you mean 'level'?)"},
    {R"([LOG]
level = "info")",
     "1:2: unknown section 'LOG'; did you mean 'log'?"},
    {R"([unheard]
of = 1)",
     "1:2: unknown section 'unheard'"},
    {R"([server.log]
level = "info")",
     "1:9: unknown section 'log' in [server]"},
    {R"([server.tsl]
certificate = "")",
     "1:9: unknown section 'tsl' in [server]; did you mean 'tls'?"},
    {"log = 5",
     "1:7: 'log' is a section; write [log] and its keys on lines of their own"},
    {R"(log = "info")",
     "1:7: 'log' is a section; write [log] and its keys on lines of their own"},
    {R"(log.level = "verbose")",
     R"(1:13: log.level must be "debug", "info", "warning" or "error"; found "verbose")"},
    {R"(log.level = "Info")",
     R"(1:13: log.level must be "debug", "info", "warning" or "error"; found "Info"; did you mean 'info'?)"},
    {"log.level = 3",
     R"(1:13: log.level must be "debug", "info", "warning" or "error"; found 3)"},
    {R"(log = { level = "wrn" })",
     R"(1:17: log.level must be "debug", "info", "warning" or "error"; found "wrn")"},
    {R"(log = { level = "info", })",
     "1:25: syntax error: expected key-value pair, found closing '}' (dangling comma)"},
    {R"(log = { level = "info")",
     "1:7: the value of 'log' is not complete: a quote or bracket is not closed"},
    {R"([server]
port = 0)",
     "2:8: server.port must be an integer from 1 to 65535; found 0"},
    {R"([server]
port = 65536)",
     "2:8: server.port must be an integer from 1 to 65535; found 65536"},
    {R"([server]
port = 65536.0)",
     "2:8: server.port must be an integer from 1 to 65535; found 65536.0"},
    {R"([server]
port = "http")",
     R"(2:8: server.port must be an integer from 1 to 65535; found "http")"},
    {R"([server]
port = 80 80)",
     "2:8: server.port must be an integer from 1 to 65535; found 80 80, which is no number"},
    {R"([server]
port = -)",
     "2:8: server.port must be an integer from 1 to 65535; found -, which is no number"},
    {R"([server]
port = +)",
     "2:8: server.port must be an integer from 1 to 65535; found +, which is no number"},
    {R"([server]
port = 80.)",
     "2:8: server.port must be an integer from 1 to 65535; found 80., which is no number"},
    {R"([server]
port = .8)",
     "2:8: server.port must be an integer from 1 to 65535; found .8, which is no number"},
    {R"([server]
port = 8e)",
     "2:8: server.port must be an integer from 1 to 65535; found 8e, which is no number"},
    {R"([server]
port = inf)",
     "2:8: server.port must be an integer from 1 to 65535; found inf"},
    {R"([server]
port = nan)",
     "2:8: server.port must be an integer from 1 to 65535; found nan"},
    {R"([server]
Port = 80)",
     "2:1: unknown key 'Port' in [server]; did you mean 'port'?"},
    {R"([server]
max_conections = 5)",
     "2:1: unknown key 'max_conections' in [server]; did you mean 'max_connections'?"},
    {R"([server]
max-connections = 5)",
     "2:1: unknown key 'max-connections' in [server]; did you mean 'max_connections'?"},
    {R"([server]
maxconnections = 5)",
     "2:1: unknown key 'maxconnections' in [server]; did you mean 'max_connections'?"},
    {R"([server]
max_connections = 0)",
     "2:19: server.max_connections must be an integer from 1 to 1000000; found 0"},
    {R"([server]
max_connections = 1000001)",
     "2:19: server.max_connections must be an integer from 1 to 1000000; found 1000001"},
    {R"([server]
workers = 4)",
     "2:1: unknown key 'workers' in [server]; 'workers' belongs above the first section"},
    {R"([server]
level = "info")",
     "2:1: unknown key 'level' in [server]; 'level' belongs in [log]"},
    {R"([server]
idle_timeout = "25h")",
     R"(2:16: server.idle_timeout must be a duration from 0s to 24h, such as "60s"; found "25h")"},
    {R"([server]
idle_timeout = "-1s")",
     R"(2:16: server.idle_timeout must be a duration from 0s to 24h, such as "60s"; found "-1s")"},
    {R"([server]
idle_timeout = "1us")",
     R"(2:16: server.idle_timeout must be in whole steps of 1ms; found "1us")"},
    {R"([server]
idle_timeout = 60000)",
     R"(2:16: server.idle_timeout must be a duration from 0s to 24h, such as "60s"; found 60000; write "60000s" for seconds or "60000ms" for milliseconds)"},
    {R"([server]
idle_timeout = "never")",
     R"(2:16: server.idle_timeout must be a duration from 0s to 24h, such as "60s"; found "never")"},
    {R"([server]
read_buffer = 65536)",
     R"(2:15: server.read_buffer must be a size of at least 512B, such as "64KiB"; found 65536; write "65536B" for bytes or "65536KiB" for 1024 times as much)"},
    {R"([server]
read_buffer = "64KB")",
     R"(2:15: server.read_buffer must be a size of at least 512B, such as "64KiB"; found "64KB"; write "64KiB" for 65536 bytes or "64000B")"},
    {R"([server]
read_buffer = "1.5MB")",
     R"(2:15: server.read_buffer must be a size of at least 512B, such as "64KiB"; found "1.5MB"; write "1.5MiB" for 1572864 bytes)"},
    {R"([server]
read_buffer = "64kib")",
     R"(2:15: server.read_buffer must be a size of at least 512B, such as "64KiB"; found "64kib"; write "64KiB")"},
    {R"([server]
read_buffer = "64")",
     R"(2:15: server.read_buffer must be a size of at least 512B, such as "64KiB"; found "64"; write "64KiB" for 1024 times as much)"},
    {R"([server]
read_buffer = "511B")",
     R"(2:15: server.read_buffer must be a size of at least 512B, such as "64KiB"; found "511B")"},
    {R"([server]
read_buffer = "0.3B")",
     R"(2:15: server.read_buffer must be a size of at least 512B, such as "64KiB"; found "0.3B", which is no whole number of bytes)"},
    {R"([server]
read_buffer = "-1KiB")",
     R"(2:15: server.read_buffer must be a size of at least 512B, such as "64KiB"; found "-1KiB")"},
    {R"([server]
read_buffer = "9999999TiB")",
     R"(2:15: server.read_buffer must be a size of at least 512B, such as "64KiB"; found "9999999TiB", which is too large)"},
    {R"([server]
read_buffer = 64KiB)",
     R"(2:15: server.read_buffer must be a size of at least 512B, such as "64KiB"; found 64KiB; write it in quotes)"},
    {R"([server]
write_buffer = "2MiB")",
     R"(2:16: server.write_buffer must be a size of at most 1MiB, such as "64KiB"; found "2MiB")"},
    {R"([server]
write_buffer = "32KiB")",
     R"(2:16: server.write_buffer must be at least as large as read_buffer; found write_buffer = "32KiB" and read_buffer = "64KiB" (default))"},
    {R"([server]
mode = "lines")",
     R"(2:8: server.mode must be "raw", "line" or "message"; found "lines"; did you mean 'line'?)"},
    {R"([server]
mode = line)",
     R"(2:8: server.mode must be "raw", "line" or "message"; found line; write it in quotes)"},
    {R"([server]
mode = "RAW")",
     R"(2:8: server.mode must be "raw", "line" or "message"; found "RAW"; did you mean 'raw'?)"},
    {R"([server]
mode = 1)",
     R"(2:8: server.mode must be "raw", "line" or "message"; found 1)"},
    {R"([server]
mode = "rwa")",
     R"(2:8: server.mode must be "raw", "line" or "message"; found "rwa"; did you mean 'raw'?)"},
    {R"([server]
mode = "xyz")",
     R"(2:8: server.mode must be "raw", "line" or "message"; found "xyz")"},
    {R"([server]
rate = 0)",
     "2:8: server.rate must be a number from 0.1 to 1e+06; found 0"},
    {R"([server]
rate = 0.05)",
     "2:8: server.rate must be a number from 0.1 to 1e+06; found 0.05"},
    {R"([server]
rate = 2e6)",
     "2:8: server.rate must be a number from 0.1 to 1e+06; found 2e+06"},
    {R"([server]
rate = "fast")",
     R"(2:8: server.rate must be a number from 0.1 to 1e+06; found "fast")"},
    {R"([server]
rate = "1.5")",
     R"(2:8: server.rate must be a number from 0.1 to 1e+06; found "1.5"; write it without quotes)"},
    {R"([server]
rate = nan)",
     "2:8: server.rate must be a number from 0.1 to 1e+06; found nan"},
    {R"([server]
rate = 1.5/s)",
     "2:8: server.rate must be a number from 0.1 to 1e+06; found 1.5/s, which is no number"},
    {R"([server]
keep_alive = yes)",
     "2:14: server.keep_alive must be true or false; found yes; write true"},
    {R"([server]
keep_alive = True)",
     "2:14: server.keep_alive must be true or false; found True; write true"},
    {R"([server]
keep_alive = off)",
     "2:14: server.keep_alive must be true or false; found off; write false"},
    {R"([server]
keep_alive = 1)",
     "2:14: server.keep_alive must be true or false; found 1; write true"},
    {R"([server]
keep_alive = "true")",
     R"(2:14: server.keep_alive must be true or false; found "true"; write true)"},
    {R"([server]
keep_alive = "no")",
     R"(2:14: server.keep_alive must be true or false; found "no"; write false)"},
    {R"([server]
allowed_hosts = "localhost")",
     R"(2:17: server.allowed_hosts must be a list, each item a text; found "localhost"; write it in square brackets)"},
    {R"([server]
allowed_hosts = [1, 2])",
     R"(2:18: each item of server.allowed_hosts must be a text; found 1; write it in quotes
2:21: each item of server.allowed_hosts must be a text; found 2; write it in quotes)"},
    {R"([server]
allowed_hosts = ["a", 2])",
     "2:23: each item of server.allowed_hosts must be a text; found 2; write it in quotes"},
    {R"([server]
allowed_hosts = ["a" "b"])",
     R"(2:22: syntax error: expected comma or closing ']', found '"')"},
    {R"([server]
allowed_hosts = ["a",, "b"])",
     "2:22: syntax error: expected value or closing ']', found comma"},
    {R"([server]
allowed_hosts = ["a", "b")",
     "2:17: the value of 'allowed_hosts' is not complete: a quote or bracket is not closed"},
    {R"([server]
allowed_hosts = ["a"
, 5
])",
     "3:3: each item of server.allowed_hosts must be a text; found 5; write it in quotes"},
    {R"([server]
allowed_hosts = ["a"
port = 0)",
     R"(2:17: the value of 'allowed_hosts' is not complete: a quote or bracket is not closed
3:8: server.port must be an integer from 1 to 65535; found 0)"},
    {R"([server]
allowed_hosts = [a, b])",
     "2:18: syntax error: not a value; texts stand in quotes"},
    {R"([server]
allowed_hosts = ["a]
port = 0)",
     R"(2:17: the value of 'allowed_hosts' is not complete: a quote or bracket is not closed
3:8: server.port must be an integer from 1 to 65535; found 0)"},
    {R"([server]
retry_codes = [503, 200])",
     "2:21: each item of server.retry_codes must be an integer from 400 to 599; found 200"},
    {R"([server]
retry_codes = [503, "504"])",
     R"(2:21: each item of server.retry_codes must be an integer from 400 to 599; found "504"; write it without quotes)"},
    {R"([server]
retry_codes = [[503]])",
     "2:16: each item of server.retry_codes must be an integer from 400 to 599; found a list"},
    {R"([server]
retry_codes = 503)",
     "2:15: server.retry_codes must be a list, each item an integer from 400 to 599; found 503; write it in square brackets"},
    {R"([server]
retry_codes = []])",
     "2:17: syntax error: expected the end of the line, found ']'"},
    {R"([server]
listen = 127.0.0.1:80)",
     "2:10: server.listen must be a text; found 127.0.0.1:80; write it in quotes"},
    {R"([server]
listen = "localhost")",
     R"(2:10: server.listen must be an address with a port, such as "127.0.0.1:7007"; found "localhost")"},
    {R"([server]
listen = 80)",
     R"(2:10: server.listen must be a text; found 80; in quotes it must still be an address with a port, such as "127.0.0.1:7007")"},
    {R"([server]
listen = "a:1)",
     "2:10: the value of 'listen' is not complete: a quote or bracket is not closed"},
    {R"([server]
listen = 'a:1)",
     "2:10: the value of 'listen' is not complete: a quote or bracket is not closed"},
    {R"([server]
listen = a:1")",
     "2:10: the value of 'listen' is not complete: a quote or bracket is not closed"},
    {R"([server]
listen = "a:1" "b:1")",
     R"(2:16: syntax error: expected the end of the line, found '"')"},
    {R"([server]
listen = """a:1)",
     "2:10: the value of 'listen' is not complete: a quote or bracket is not closed"},
    {R"([server]
listen = "a:1\q")",
     R"(2:15: syntax error: unknown escape sequence '\q')"},
    {R"([server]
listen = "\u12")",
     R"(2:15: syntax error: expected hex digit, found '"')"},
    {R"([server]
listen = ["a:1"])",
     "2:10: server.listen must be a text; found a list"},
    {R"([server]
listen = localhost)",
     R"(2:10: server.listen must be a text; found localhost; in quotes it must still be an address with a port, such as "127.0.0.1:7007")"},
    {R"([server]
listen.port = 1)",
     "2:1: server.listen must be a text; found a section"},
    {R"([server]
tls = "cert.pem")",
     "2:7: 'server.tls' is a section; write [server.tls] and its keys on lines of their own"},
    {R"([server.tls]
password = 5)",
     R"(2:12: server.tls.password must be a text, such as "correct horse"; found something that is not shown here)"},
    {R"([server.tls]
passwort = "x")",
     "2:1: unknown key 'passwort' in [server.tls]; did you mean 'password'?"},
    {R"([server.tls]
password = "x)",
     "2:12: the value of 'password' is not complete: a quote or bracket is not closed"},
    {R"([server]
tls.certifcate = "")",
     "2:5: unknown key 'certifcate' in [server.tls]; did you mean 'certificate'?"},
    {R"([server]
tls.certificate = 1)",
     "2:19: server.tls.certificate must be a text; found 1; write it in quotes"},
    {R"([server]
tls = { certificate = 1, pasword = "x" })",
     R"(2:23: server.tls.certificate must be a text; found 1; write it in quotes
2:26: unknown key 'pasword' in [server.tls]; did you mean 'password'?)"},
    {" [server]\n\tport = 0",
     "2:9: server.port must be an integer from 1 to 65535; found 0"},
    {R"(workers = 1 # a comment
drain_timeout = 5 # more)",
     R"(2:17: drain_timeout must be a duration, such as "60s"; found 5; write "5s" for seconds)"},
    {R"(# only a comment 

worker = 1)",
     "3:1: unknown key 'worker'; did you mean 'workers'?"},
    {R"(worker = 1
drain = "5s"
[sever]
prot = 1
[lgo]
level = "x")",
     R"(1:1: unknown key 'worker'; did you mean 'workers'?
2:1: unknown key 'drain'; did you mean 'drain_timeout'?
3:2: unknown section 'sever'; did you mean 'server'?
4:1: unknown key 'prot' in [server]; did you mean 'port'?
5:2: unknown section 'lgo'; did you mean 'log'?
6:9: log.level must be "debug", "info", "warning" or "error"; found "x")"},
    {R"(workers = "1"
workers = "2")",
     R"(1:11: workers must be an integer from 0 to 1024; found "1"; write it without quotes
2:1: 'workers' is already set in line 1)"},
    {R"(server.port = 1
[server]
port = 2)",
     "2:1: [server] is already set above, in another form"},
    {R"(server = { port = 1 }
[server]
port = 2)",
     "2:1: [server] is already set above, in another form"},
    {R"([server]
port = 1
[log]
level = "info"
[server]
rate = 0)",
     R"(5:1: [server] is already set in line 1
6:8: server.rate must be a number from 0.1 to 1e+06; found 0)"},
    {"a.b.c = 1",
     "1:1: unknown section 'a'"},
    {"server.tls.x.y = 1",
     "1:12: unknown section 'x' in [server.tls]"},
    {R"("" = 1)",
     "1:1: unknown key ''"},
    {R"("a\nb" = 1)",
     R"(1:1: unknown key 'a\nb')"},
    {R"([server]
é = "é"
port = "é")",
     R"(2:1: 'é' is not a key; keys have letters, digits, _ and -
3:8: server.port must be an integer from 1 to 65535; found "é")"},
    {R"([server]
listen = "é:1" é)",
     "2:16: syntax error: expected the end of the line, found 'é'"},
    {R"([server]
x = "é" # é)",
     "2:1: unknown key 'x' in [server]"},
    {"\357\273\277workers = 2000",
     "1:11: workers must be an integer from 0 to 1024; found 2000"},
    {"workers = \"\001\"",
     "1:12: syntax error: unescaped control characters other than TAB (U+0009) are explicitly prohibited"},
    {"workers = 1\r\nworker = 2\r\ndrain_timeout = 3\r\n",
     R"(2:1: unknown key 'worker'; did you mean 'workers'?
3:17: drain_timeout must be a duration, such as "60s"; found 3; write "3s" for seconds)"},
    {R"(levle = "info")",
     "1:1: unknown key 'levle'; did you mean 'level' in [log]?"},
    {"port = 8080",
     "1:1: unknown key 'port'; 'port' belongs in [server]"},
    {R"(listen = "a:1"
workers = 0)",
     "1:1: unknown key 'listen'; 'listen' belongs in [server]"},
    {R"([log]
level = info)",
     R"(2:9: log.level must be "debug", "info", "warning" or "error"; found info; write it in quotes)"},
    {R"([log]
level = "informaton")",
     R"(2:9: log.level must be "debug", "info", "warning" or "error"; found "informaton")"},
    {R"([log]
level = ["info"])",
     R"(2:9: log.level must be "debug", "info", "warning" or "error"; found a list)"},
    {R"([log]
level = "info"
level = "debug")",
     "3:1: 'level' is already set in line 2"},
    {"workers = 1e3",
     "1:11: workers must be an integer from 0 to 1024; found 1000.0; write 1000"},
    {"workers = 1.0",
     "1:11: workers must be an integer from 0 to 1024; found 1.0; write 1"},
    {"workers = ++1",
     "1:11: workers must be an integer from 0 to 1024; found ++1, which is no number"},
    {"workers = 1+1",
     "1:11: workers must be an integer from 0 to 1024; found 1+1, which is no number"},
    {R"(workers = 1 # ok
=
drain_timeout = 1)",
     R"(2:1: this is neither [section] nor key = value; a comment begins with #
3:17: drain_timeout must be a duration, such as "60s"; found 1; write "1s" for seconds)"},
    {R"([server
[log
level = 5)",
     R"(1:8: the section's header is not closed; write [server]
2:5: the section's header is not closed; write [log]
3:9: log.level must be "debug", "info", "warning" or "error"; found 5)"},
    {"]",
     "1:1: this is neither [section] nor key = value; a comment begins with #"},
    {"}",
     "1:1: this is neither [section] nor key = value; a comment begins with #"},
    {"{ workers = 1 }",
     "1:1: this is neither [section] nor key = value; a comment begins with #"},
    {"workers = { }",
     "1:11: workers must be an integer from 0 to 1024; found a section"},
    {"!workers = 1",
     "1:1: this is neither [section] nor key = value; a comment begins with #"},
    {"workers = $WORKERS",
     "1:11: workers must be an integer from 0 to 1024; found $WORKERS, which is no number"},
    {"workers = ${WORKERS}",
     "1:11: syntax error: not a value; texts stand in quotes"},
    {"workers: 4",
     "1:8: expected '=' and a value after 'workers'"},
    {R"(server:
  port: 80)",
     R"(1:7: expected '=' and a value after 'server'
2:7: expected '=' and a value after 'port')"},
    {"workers = 4 // four",
     "1:11: workers must be an integer from 0 to 1024; found 4 // four, which is no number"},
    {"/* comment */",
     "1:1: this is neither [section] nor key = value; a comment begins with #"},
    {"; workers = 4",
     "1:1: this is neither [section] nor key = value; a comment begins with #"},
    {"<workers>4</workers>",
     "1:1: this is neither [section] nor key = value; a comment begins with #"},
    {"export workers=4",
     "1:8: 'export workers' is not a key; keys have letters, digits, _ and -"},
    {"set workers 4",
     "1:5: expected '=' and a value after 'set'"},
    {"[server] port = 80",
     "1:10: expected the end of the line after [server]"},
    {"[server]port=80",
     "1:9: expected the end of the line after [server]"},
    {R"(include "other.toml")",
     "1:9: expected '=' and a value after 'include'"},
    {"@include other.toml",
     "1:1: this is neither [section] nor key = value; a comment begins with #"},
    // clang-format on
};

std::string problems_of(const std::string& toml)
{
    const auto settings = rill::conf::load<sample::config>(rill::conf::sources{}.text(toml, "f"));
    std::string lines;
    for (const auto& problem : settings.problems()) {
        lines += lines.empty() ? "" : "\n";
        lines += std::to_string(problem.where.line) + ":" + std::to_string(problem.where.column) +
                 ": " + problem.message;
    }
    return lines;
}

} // namespace

TEST_CASE("broken conf: each problem is told with its line, column and sentence")
{
    static_assert(std::size(broken) >= 200);
    for (const snippet& s : broken) {
        CAPTURE(s.toml);
        CHECK(problems_of(s.toml) == s.problems);
    }
}

TEST_CASE("broken conf: a problem is printed as compilers print theirs")
{
    const auto settings = rill::conf::load<sample::config>(
        rill::conf::sources{}.text("[server]\nport = 0\n", "conf/sample.toml")
    );
    REQUIRE(settings.problems().size() == 1);
    CHECK(
        settings.problems().front().text() ==
        "conf/sample.toml:2:8: error: server.port must be an integer from 1 to 65535; found 0"
    );
}

TEST_CASE("broken conf: the same mistakes are found in every line ending and without a last newline"
)
{
    for (const snippet& s : broken) {
        const std::string toml = s.toml;
        if (toml.find('\r') != toml.npos || toml.find("\"\"\"") != toml.npos)
            continue;
        CAPTURE(toml);
        CHECK(problems_of(toml + "\n") == s.problems);
        std::string windows;
        for (const char c : toml + "\n")
            windows += c == '\n' ? std::string{"\r\n"} : std::string{c};
        CHECK(problems_of(windows) == s.problems);
    }
}
