// SPDX-License-Identifier: BSL-1.0
#include "parse.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace std::string_literals;

namespace {

struct vector {
    const char* rule;
    std::string bytes;
    int status = 400;
};

/// A request with these field lines behind a valid request line and Host.
vector fields(const char* rule, const std::string& lines, int status = 400)
{
    return {rule, "POST / HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n\r\n", status};
}

vector host(const char* rule, const std::string& lines)
{
    return {rule, "GET / HTTP/1.1\r\n" + lines + "\r\n\r\n"};
}

vector start(const char* rule, const std::string& request_line, int status = 400)
{
    return {rule, request_line + "\r\nHost: a\r\n\r\n", status};
}

/// A chunked request with this body.
vector chunks(const char* rule, const std::string& body)
{
    return {rule, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + body};
}

std::vector<vector> content_length()
{
    return {
        fields("sign", "Content-Length: +5"),
        fields("negative", "Content-Length: -1"),
        fields("negative zero", "Content-Length: -0"),
        fields("hexadecimal", "Content-Length: 0x5"),
        fields("hexadecimal digits", "Content-Length: 1f"),
        fields("list of equal values", "Content-Length: 5,5"),
        fields("list of equal values, space", "Content-Length: 5, 5"),
        fields("list of different values", "Content-Length: 5,6"),
        fields("list with an empty element", "Content-Length: 5,"),
        fields("list that begins empty", "Content-Length: ,5"),
        fields("empty", "Content-Length:"),
        fields("blank", "Content-Length:  \t "),
        fields("inner space", "Content-Length: 1 2"),
        fields("inner tab", "Content-Length: 1\t2"),
        fields("decimal point", "Content-Length: 5.0"),
        fields("exponent", "Content-Length: 5e1"),
        fields("underscore", "Content-Length: 1_0"),
        fields("quoted", "Content-Length: \"5\""),
        fields("parameter", "Content-Length: 5;a=b"),
        fields("trailing letter", "Content-Length: 5a"),
        fields("word", "Content-Length: five"),
        fields("octal prefix", "Content-Length: 0o5"),
        fields("2^63", "Content-Length: 9223372036854775808"),
        fields("2^64 - 1", "Content-Length: 18446744073709551615"),
        fields("2^64", "Content-Length: 18446744073709551616"),
        fields("2^64 + 5", "Content-Length: 18446744073709551621"),
        fields("30 digits", "Content-Length: 000000000000000000000000000005"),
        fields("Arabic-Indic digits", "Content-Length: \xd9\xa5"),
        fields("full-width digit", "Content-Length: \xef\xbc\x95"),
        fields("superscript digit", "Content-Length: \xc2\xb2"),
        fields("no-break space", "Content-Length: \xc2\xa0\x35"),
        fields("NUL behind", "Content-Length: 5\0"s),
        fields("vertical tab before", "Content-Length: \v5"),
        fields("form feed behind", "Content-Length: 5\f"),
        fields("repeated, equal", "Content-Length: 5\r\nContent-Length: 5"),
        fields("repeated, different", "Content-Length: 5\r\nContent-Length: 6"),
        fields("repeated, other case", "Content-Length: 5\r\ncontent-length: 5"),
        fields("repeated, apart", "Content-Length: 5\r\nA: b\r\nCONTENT-LENGTH: 0"),
        fields("repeated, one empty", "Content-Length: 5\r\nContent-Length:"),
    };
}

std::vector<vector> transfer_encoding()
{
    return {
        fields("with length", "Transfer-Encoding: chunked\r\nContent-Length: 5"),
        fields("with length before", "Content-Length: 5\r\nTransfer-Encoding: chunked"),
        fields("with length 0", "Content-Length: 0\r\nTransfer-Encoding: chunked"),
        fields("with length, apart", "Content-Length: 5\r\nA: b\r\nTRANSFER-ENCODING: CHUNKED"),
        fields("with length, unknown", "Content-Length: 5\r\nTransfer-Encoding: gzip, chunked"),
        fields("empty", "Transfer-Encoding:"),
        fields("blank", "Transfer-Encoding: \t"),
        fields("identity", "Transfer-Encoding: identity"),
        fields("identity, chunked", "Transfer-Encoding: identity, chunked"),
        fields("chunked, identity", "Transfer-Encoding: chunked, identity"),
        fields("xchunked", "Transfer-Encoding: xchunked"),
        fields("chunkedx", "Transfer-Encoding: chunkedx"),
        fields("x chunked", "Transfer-Encoding: x chunked"),
        fields("chunked x", "Transfer-Encoding: chunked x"),
        fields("chunk", "Transfer-Encoding: chunk"),
        fields("quoted", "Transfer-Encoding: \"chunked\""),
        fields("single-quoted", "Transfer-Encoding: 'chunked'"),
        fields("parameter", "Transfer-Encoding: chunked;q=1"),
        fields("semicolon", "Transfer-Encoding: chunked;"),
        fields("empty element behind", "Transfer-Encoding: chunked,"),
        fields("empty element before", "Transfer-Encoding: ,chunked"),
        fields("empty element between", "Transfer-Encoding: gzip,,chunked"),
        fields("doubled", "Transfer-Encoding: chunked, chunked"),
        fields("doubled, other case", "Transfer-Encoding: chunked, CHUNKED"),
        fields("doubled with another", "Transfer-Encoding: chunked, gzip, chunked"),
        fields("repeated", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
        fields("repeated, other first", "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked"),
        fields("repeated, other last", "Transfer-Encoding: chunked\r\nTransfer-Encoding: x"),
        fields("repeated, identity", "Transfer-Encoding: chunked\r\nTransfer-encoding: identity"),
        fields("gzip", "Transfer-Encoding: gzip"),
        fields("chunked, gzip", "Transfer-Encoding: chunked, gzip"),
        fields("vertical tab", "Transfer-Encoding: \vchunked"),
        fields("form feed", "Transfer-Encoding: chunked\f"),
        fields("NUL behind", "Transfer-Encoding: chunked\0"s),
        fields(
            "no-break space",
            "Transfer-Encoding: \xc2\xa0"
            "chunked"
        ),
        fields(
            "long s of Unicode",
            "Transfer-Encoding: chun\xe2\x84\xaa"
            "ed"
        ),
        fields("invalid coding", "Transfer-Encoding: g(z, chunked"),
        {"HTTP/1.0", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"},
        {"HTTP/1.0, keep-alive",
         "POST / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n"},
        fields("unknown coding", "Transfer-Encoding: gzip, chunked", 501),
        fields("unknown codings", "Transfer-Encoding: deflate, gzip , chunked", 501),
        fields("unknown coding with parameter", "Transfer-Encoding: x;a=b, chunked", 501),
        fields("parameters with blanks", "Transfer-Encoding: x ; a = b;c=d ,\tchunked", 501),
        fields("quoted comma", "Transfer-Encoding: x;a=\"b, chunked, c\", chunked", 501),
        fields("quoted quotation mark", "Transfer-Encoding: x;a=\"\\\", c\", chunked", 501),
        fields("parameter without name", "Transfer-Encoding: x;, chunked"),
        fields("parameter without equals sign", "Transfer-Encoding: x;a, chunked"),
        fields("parameter without value", "Transfer-Encoding: x;a=, chunked"),
        fields("value of two words", "Transfer-Encoding: x;a=b c, chunked"),
        fields("text behind a quoted value", "Transfer-Encoding: x;a=\"b\"c, chunked"),
        fields("open quotation mark", "Transfer-Encoding: x;a=\"b, chunked"),
        fields("quoted chunked at the end", "Transfer-Encoding: x;a=\"b, chunked\""),
        fields("parameter of the last", "Transfer-Encoding: gzip, chunked;a=b"),
    };
}

std::vector<vector> hosts()
{
    return {
        host("missing", "A: b"),
        host("missing among similar", "X-Host: a\r\nHosts: a\r\nHos: a"),
        host("repeated", "Host: a\r\nHost: a"),
        host("repeated, different", "Host: a\r\nHost: b"),
        host("repeated, other case", "Host: a\r\nhost: a"),
        host("repeated, apart", "Host: a\r\nA: b\r\nHOST: b"),
        host("empty", "Host:"),
        host("blank", "Host: \t"),
        host("list", "Host: a, b"),
        host("list without space", "Host: a,b"),
        host("two names", "Host: a b"),
        host("user information", "Host: user@a"),
        host("user and password", "Host: user:secret@a"),
        host("at sign", "Host: @a"),
        host("path", "Host: a/b"),
        host("slash", "Host: a/"),
        host("query", "Host: a?b"),
        host("fragment", "Host: a#b"),
        host("backslash", "Host: a\\b"),
        host("scheme", "Host: http://a"),
        host("port without host", "Host: :80"),
        host("port with letters", "Host: a:b"),
        host("port with sign", "Host: a:+80"),
        host("port out of range", "Host: a:65536"),
        host("port of six digits", "Host: a:000080"),
        host("two ports", "Host: a:80:80"),
        host("open bracket", "Host: [::1"),
        host("brackets around a name", "Host: [a]"),
        host("empty brackets", "Host: []"),
        host("text behind brackets", "Host: [::1]a"),
        host("address without brackets", "Host: ::1"),
        host("zone", "Host: [fe80::1%25eth0]"),
        host("later version without digits", "Host: [v.a]"),
        host("later version that is no number", "Host: [vg.a]"),
        host("later version without dot", "Host: [v1a]"),
        host("later version without address", "Host: [v1.]"),
        host("later version with an escape", "Host: [v1.%41]"),
        host("later version with a comma", "Host: [v1.a,b]"),
        host("later version with a bracket", "Host: [v1.[a]"),
        host("address with NUL", "Host: [::1\0]"s),
        host("broken escape", "Host: a%2"),
        host("escape without digits", "Host: a%zz"),
        host("quotation marks", "Host: \"a\""),
        host("angle bracket", "Host: a<b"),
        host("UTF-8", "Host: \xc3\xa4"),
        host("NUL", "Host: a\0b"s),
        {"absolute target, no Host", "GET http://a/ HTTP/1.1\r\n\r\n"},
        {"absolute target, invalid Host", "GET http://a/ HTTP/1.1\r\nHost: b/c\r\n\r\n"},
        {"absolute target, empty Host", "GET http://a/ HTTP/1.1\r\nHost:\r\n\r\n"},
        {"absolute target, two Hosts", "GET http://a/ HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"},
        {"absolute target, 1.0, invalid Host", "GET http://a/ HTTP/1.0\r\nHost: b@c\r\n\r\n"},
    };
}

std::vector<vector> lines()
{
    return {
        fields("obs-fold with space", "A: b\r\n c"),
        fields("obs-fold with tab", "A: b\r\n\tc"),
        fields("obs-fold of a length", "Content-Length:\r\n 5"),
        fields("obs-fold of a coding", "Transfer-Encoding:\r\n chunked"),
        fields("obs-fold, blank line", "A: b\r\n "),
        {"obs-fold before the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n"},
        fields("space before the colon", "A : b"),
        fields("tab before the colon", "A\t: b"),
        fields("space before a length's colon", "Content-Length : 5"),
        fields("tab before a coding's colon", "Transfer-Encoding\t: chunked"),
        host("space before Host's colon", "Host : a"),
        fields("no colon", "A"),
        fields("no name", ": b"),
        fields("space in the name", "A B: c"),
        fields("parenthesis in the name", "A(b): c"),
        fields("slash in the name", "A/b: c"),
        fields("at sign in the name", "A@b: c"),
        fields("equals sign in the name", "A=b: c"),
        fields("semicolon in the name", "A;b: c"),
        fields("comma in the name", "A,b: c"),
        fields("bracket in the name", "A[b]: c"),
        fields("brace in the name", "A{b}: c"),
        fields("quotation mark in the name", "A\"b: c"),
        fields("backslash in the name", "A\\b: c"),
        fields("UTF-8 in the name", "\xc3\xa4: b"),
        fields("NUL in the name", "A\0b: c"s),
        fields("control byte in the name", "A\x01: b"),
        fields("DEL in the name", "A\x7f: b"),
        fields("bare CR in the name", "A\rb: c"),
        fields("bare LF in the name", "A\nb: c"),
        fields("NUL in the value", "A: b\0c"s),
        fields("NUL at the end of the value", "A: b\0"s),
        fields("bell in the value", "A: b\ac"),
        fields("escape in the value", "A: b\x1b[0m"),
        fields("vertical tab in the value", "A: b\vc"),
        fields("form feed in the value", "A: b\fc"),
        fields("backspace in the value", "A: b\bc"),
        fields("DEL in the value", "A: b\x7f"),
        fields("0x1f in the value", "A: b\x1f"),
        fields("bare CR in the value", "A: b\rc"),
        fields("bare CR before a field", "A: b\rContent-Length: 5"),
        fields("bare LF in the value", "A: b\nc"),
        fields("bare LF before a field", "A: b\nContent-Length: 5"),
        fields("two CRs before an LF", "A: b\r"),
        {"bare LF behind the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n"},
        {"bare LF behind the last field", "GET / HTTP/1.1\r\nHost: a\n\r\n"},
        {"bare LF as the empty line", "GET / HTTP/1.1\r\nHost: a\r\n\n"},
        {"bare LFs throughout", "GET / HTTP/1.1\nHost: a\n\n"},
        {"bare CR as the empty line", "GET / HTTP/1.1\r\nHost: a\r\n\ra"},
        {"bare CRs throughout", "GET / HTTP/1.1\rHost: a\r\r"},
        fields("Connection is no list of tokens", "Connection: close;q=1"),
        fields("Connection in quotation marks", "Connection: \"close\""),
        fields("Connection with two words", "Connection: keep alive"),
        fields("unknown expectation", "Expect: 200-ok", 417),
        fields("expectation with parameter", "Expect: 100-continue;a=b", 417),
        fields("expectation in a list", "Expect: 100-continue, x", 417),
        fields("empty expectation", "Expect:", 417),
        fields("second expectation unknown", "Expect: 100-continue\r\nExpect: x", 417),
        fields("almost 100-continue", "Expect: 100-continued", 417),
        fields("a framing error beside it", "Expect: x\r\nContent-Length: -1", 400),
    };
}

std::vector<vector> request_lines()
{
    return {
        start("only a method", "GET"),
        start("no target", "GET HTTP/1.1"),
        start("no version (HTTP/0.9)", "GET /"),
        start("two spaces before the target", "GET  / HTTP/1.1"),
        start("two spaces behind the target", "GET /  HTTP/1.1"),
        start("space before the method", " GET / HTTP/1.1"),
        start("space behind the version", "GET / HTTP/1.1 "),
        start("tab behind the version", "GET / HTTP/1.1\t"),
        start("tabs between", "GET\t/\tHTTP/1.1"),
        start("tab before the version", "GET /\tHTTP/1.1"),
        start("space in the target", "GET /a b HTTP/1.1"),
        start("four words", "GET / HTTP/1.1 x"),
        start("vertical tab between", "GET\v/ HTTP/1.1"),
        start("form feed between", "GET /\fHTTP/1.1"),
        start("bare CR between", "GET /\rHTTP/1.1"),
        start("bare CR in the target", "GET /\ra HTTP/1.1"),
        start("bare LF in the target", "GET /\na HTTP/1.1"),
        start("NUL in the method", "G\0T / HTTP/1.1"s),
        start("NUL in the target", "GET /\0 HTTP/1.1"s),
        start("NUL in the version", "GET / HTTP/1.\0"s),
        start("control byte in the method", "G\x02T / HTTP/1.1"),
        start("control byte in the target", "GET /\x02 HTTP/1.1"),
        start("DEL in the target", "GET /\x7f HTTP/1.1"),
        start("UTF-8 in the target", "GET /\xc3\xa4 HTTP/1.1"),
        start("0xff in the target", "GET /\xff HTTP/1.1"),
        start("UTF-8 in the method", "G\xc3\x8bT / HTTP/1.1"),
        start("parenthesis in the method", "G(T / HTTP/1.1"),
        start("colon in the method", "GET: / HTTP/1.1"),
        start("comma in the method", "GET,POST / HTTP/1.1"),
        start("quoted method", "\"GET\" / HTTP/1.1"),
        start("fragment", "GET /#a HTTP/1.1"),
        start("quotation mark in the target", "GET /\"a\" HTTP/1.1"),
        start("angle bracket in the target", "GET /<a> HTTP/1.1"),
        start("relative target", "GET a/b HTTP/1.1"),
        start("query without path", "GET ?a HTTP/1.1"),
        start("authority as target", "GET a:80 HTTP/1.1"),
        start("unknown scheme", "GET ftp://a/ HTTP/1.1"),
        start("scheme without slashes", "GET http:a HTTP/1.1"),
        start("scheme without authority", "GET http:/// HTTP/1.1"),
        start("scheme alone", "GET http:// HTTP/1.1"),
        start("user information in the target", "GET http://user@a/ HTTP/1.1"),
        start("user and password in the target", "GET http://user:x@a/ HTTP/1.1"),
        start("list as authority", "GET http://a,b/ HTTP/1.1"),
        start("broken port in the target", "GET http://a:8o/ HTTP/1.1"),
        start("* with GET", "GET * HTTP/1.1"),
        start("* with HEAD", "HEAD * HTTP/1.1"),
        start("* with POST", "POST * HTTP/1.1"),
        start("* with an extension method", "PROPFIND * HTTP/1.1"),
        start("* with more behind it", "OPTIONS *a HTTP/1.1"),
        start("CONNECT with a path", "CONNECT / HTTP/1.1"),
        start("CONNECT with *", "CONNECT * HTTP/1.1"),
        start("CONNECT with a URI", "CONNECT http://a:80/ HTTP/1.1"),
        start("CONNECT without port", "CONNECT a HTTP/1.1"),
        start("CONNECT with an empty port", "CONNECT a: HTTP/1.1"),
        start("CONNECT", "CONNECT a:443 HTTP/1.1", 501),
        start("lower-case version", "GET / http/1.1"),
        start("mixed-case version", "GET / Http/1.1"),
        start("other protocol", "GET / ICY/1.1"),
        start("longer protocol", "GET / XHTTP/1.1"),
        start("protocol without slash", "GET / HTTP1.1"),
        start("version without minor", "GET / HTTP/1"),
        start("version with an empty minor", "GET / HTTP/1."),
        start("version with an empty major", "GET / HTTP/.1"),
        start("version of two digits", "GET / HTTP/1.10"),
        start("version of three numbers", "GET / HTTP/1.1.1"),
        start("version with a sign", "GET / HTTP/+1.1"),
        start("version with leading zero", "GET / HTTP/01.1"),
        start("version with comma", "GET / HTTP/1,1"),
        start("version with letters", "GET / HTTP/1.x"),
        start("version with space", "GET / HTTP/1. 1"),
        start("HTTP/0.9", "GET / HTTP/0.9", 505),
        start("HTTP/2.0", "GET / HTTP/2.0", 505),
        start("HTTP/3.0", "GET / HTTP/3.0", 505),
        start("HTTP/9.9", "GET / HTTP/9.9", 505),
        {"preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
        {"TLS hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s},
        {"nine empty lines before",
         "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
        {"blank line before", " \r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
        {"bare LF behind an empty line", "\r\n\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
        {"bare LF before", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
        {"bare CR before", "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
        {"byte order mark before", "\xef\xbb\xbfGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
    };
}

std::vector<vector> chunk_lines()
{
    return {
        chunks("sign", "+5\r\nhello\r\n0\r\n\r\n"),
        chunks("negative", "-5\r\nhello\r\n0\r\n\r\n"),
        chunks("prefix", "0x5\r\nhello\r\n0\r\n\r\n"),
        chunks("upper-case prefix", "0X5\r\nhello\r\n0\r\n\r\n"),
        chunks("suffix", "5h\r\nhello\r\n0\r\n\r\n"),
        chunks("underscore", "1_0\r\n0123456789abcdef\r\n0\r\n\r\n"),
        chunks("space before", " 5\r\nhello\r\n0\r\n\r\n"),
        chunks("tab before", "\t5\r\nhello\r\n0\r\n\r\n"),
        chunks("space behind", "5 \r\nhello\r\n0\r\n\r\n"),
        chunks("tab behind", "5\t\r\nhello\r\n0\r\n\r\n"),
        chunks("space within", "1 0\r\n0123456789abcdef\r\n0\r\n\r\n"),
        chunks("no size", "\r\nhello\r\n0\r\n\r\n"),
        chunks("only extension", ";a=b\r\nhello\r\n0\r\n\r\n"),
        chunks("no hexadecimal digit", "g\r\nhello\r\n0\r\n\r\n"),
        chunks("full-width digit", "\xef\xbc\x95\r\nhello\r\n0\r\n\r\n"),
        chunks("quoted", "\"5\"\r\nhello\r\n0\r\n\r\n"),
        chunks("decimal point", "5.\r\nhello\r\n0\r\n\r\n"),
        chunks("comma", "5,5\r\nhello\r\n0\r\n\r\n"),
        chunks("17 digits", "00000000000000005\r\nhello\r\n0\r\n\r\n"),
        chunks("17 digits of zero", "00000000000000000\r\n\r\n"),
        chunks("2^63", "8000000000000000\r\n"),
        chunks("2^64 - 1", "ffffffffffffffff\r\n"),
        chunks("2^64", "10000000000000000\r\n"),
        chunks("2^64 + 5", "10000000000000005\r\nhello\r\n0\r\n\r\n"),
        chunks("sum of 2^63", "1\r\na\r\n7fffffffffffffff\r\n"),
        chunks("NUL behind the size", "5\0\r\nhello\r\n0\r\n\r\n"s),
        chunks("vertical tab behind the size", "5\v\r\nhello\r\n0\r\n\r\n"),
        chunks("bare LF behind the size", "5\nhello\r\n0\r\n\r\n"),
        chunks("bare CR behind the size", "5\rhello\r\n0\r\n\r\n"),
        chunks("two CRs behind the size", "5\r\r\nhello\r\n0\r\n\r\n"),
        chunks("bare LF behind the data", "5\r\nhello\n0\r\n\r\n"),
        chunks("bare CR behind the data", "5\r\nhello\r0\r\n\r\n"),
        chunks("nothing behind the data", "5\r\nhello0\r\n\r\n"),
        chunks("data longer than its size", "5\r\nhello!\r\n0\r\n\r\n"),
        chunks("data shorter than its size", "6\r\nhello\r\n0\r\n\r\n"),
        chunks("empty line behind the data", "5\r\nhello\r\n\r\n0\r\n\r\n"),
        chunks("bare LF behind the last chunk", "0\n\r\n"),
        chunks("bare LF at the end", "0\r\n\n"),
        chunks("bare CR at the end", "0\r\n\ra"),
        chunks("extension without name", "5;\r\nhello\r\n0\r\n\r\n"),
        chunks("extension without name, more", "5;;a\r\nhello\r\n0\r\n\r\n"),
        chunks("extension with value only", "5;=b\r\nhello\r\n0\r\n\r\n"),
        chunks("extension without value", "5;a=\r\nhello\r\n0\r\n\r\n"),
        chunks("extension with two values", "5;a=b=c\r\nhello\r\n0\r\n\r\n"),
        chunks("extension without semicolon", "5 a\r\nhello\r\n0\r\n\r\n"),
        chunks("extension with two names", "5;a b\r\nhello\r\n0\r\n\r\n"),
        chunks("extension with comma", "5;a,b\r\nhello\r\n0\r\n\r\n"),
        chunks("extension with space behind", "5;a \r\nhello\r\n0\r\n\r\n"),
        chunks("value with space behind", "5;a=b \r\nhello\r\n0\r\n\r\n"),
        chunks("extension with UTF-8", "5;\xc3\xa4=b\r\nhello\r\n0\r\n\r\n"),
        chunks("NUL in an extension", "5;a\0=b\r\nhello\r\n0\r\n\r\n"s),
        chunks("bare LF in an extension", "5;a\nb\r\nhello\r\n0\r\n\r\n"),
        chunks("bare LF behind an extension", "5;a=b\nhello\r\n0\r\n\r\n"),
        chunks("bare CR behind an extension", "5;a=b\rhello\r\n0\r\n\r\n"),
        chunks("open quotation mark", "5;a=\"b\r\nhello\r\n0\r\n\r\n"),
        chunks("CRLF in a quoted value", "5;a=\"\r\n\"\r\nhello\r\n0\r\n\r\n"),
        chunks("bare LF in a quoted value", "5;a=\"\n\"\r\nhello\r\n0\r\n\r\n"),
        chunks("NUL in a quoted value", "5;a=\"\0\"\r\nhello\r\n0\r\n\r\n"s),
        chunks("escaped LF in a quoted value", "5;a=\"\\\n\"\r\nhello\r\n0\r\n\r\n"),
        chunks("escaped CR in a quoted value", "5;a=\"\\\r\n\"\r\nhello\r\n0\r\n\r\n"),
        chunks("text behind a quoted value", "5;a=\"b\"c\r\nhello\r\n0\r\n\r\n"),
        chunks("space behind a quoted value", "5;a=\"b\" \r\nhello\r\n0\r\n\r\n"),
    };
}

std::vector<vector> trailers()
{
    std::vector<vector> all{
        chunks("bare LF behind a trailer", "0\r\nA: b\n\r\n"),
        chunks("bare CR behind a trailer", "0\r\nA: b\rc\r\n\r\n"),
        chunks("NUL in a trailer", "0\r\nA: \0\r\n\r\n"s),
        chunks("control byte in a trailer", "0\r\nA: \x1b\r\n\r\n"),
        chunks("DEL in a trailer", "0\r\nA: \x7f\r\n\r\n"),
        chunks("obs-fold in a trailer", "0\r\nA: b\r\n c\r\n\r\n"),
        chunks("space before a trailer", "0\r\n A: b\r\n\r\n"),
        chunks("space before the colon", "0\r\nA : b\r\n\r\n"),
        chunks("no colon", "0\r\nA\r\n\r\n"),
        chunks("no name", "0\r\n: b\r\n\r\n"),
        chunks("NUL in the name", "0\r\nA\0: b\r\n\r\n"s),
        chunks("a request instead", "0\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    };
    for (const char* name :
         {"Content-Length",      "content-length", "CONTENT-LENGTH", "Transfer-Encoding",
          "transfer-encoding",   "Host",           "Trailer",        "TE",
          "Connection",          "Expect",         "Upgrade",        "Authorization",
          "Proxy-Authorization", "Cookie",         "Set-Cookie",     "Content-Type",
          "Content-Encoding",    "Content-Range",  "Range",          "If-Match",
          "Cache-Control"})
        all.push_back(chunks("forbidden trailer", "0\r\n"s + name + ": 1\r\n\r\n"));
    return all;
}

void refuse_all(const std::vector<vector>& vectors)
{
    for (const auto& v : vectors) {
        CAPTURE(v.rule);
        CHECK(test::guard(v.bytes).status == v.status);
        CHECK(test::guard(v.bytes, 1, 1).status == v.status);
        for (std::size_t at = 0; at <= v.bytes.size(); ++at)
            REQUIRE(test::guard(v.bytes, at, v.bytes.size()).status == v.status);
    }
}

} // namespace

TEST_CASE("framing guard: refuses every Content-Length that is not one plain number")
{
    refuse_all(content_length());
}

TEST_CASE("framing guard: refuses every Transfer-Encoding but one chunked")
{
    refuse_all(transfer_encoding());
}

TEST_CASE("framing guard: refuses a Host that is missing, repeated or invalid")
{
    refuse_all(hosts());
}

TEST_CASE("framing guard: refuses invalid field lines and framing options")
{
    refuse_all(lines());
}

TEST_CASE("framing guard: refuses invalid request lines and unknown versions")
{
    refuse_all(request_lines());
}

TEST_CASE("framing guard: refuses invalid chunk lines")
{
    refuse_all(chunk_lines());
}

TEST_CASE("framing guard: refuses invalid and forbidden trailers")
{
    refuse_all(trailers());
}

TEST_CASE("framing guard: refuses the same fields in every case and order")
{
    for (const std::string length : {"Content-Length", "content-length", "cOnTeNt-lEnGtH"})
        for (const std::string coding :
             {"Transfer-Encoding", "transfer-encoding", "TRANSFER-encoding"})
            for (const std::string chunked : {"chunked", "Chunked", "CHUNKED"}) {
                const auto a = length + ": 5";
                const auto b = coding + ":" + chunked;
                refuse_all({
                    fields("length first", a + "\r\n" + b),
                    fields("coding first", b + "\r\n" + a),
                    {"before Host", "POST / HTTP/1.1\r\n" + a + "\r\n" + b + "\r\nHost: a\r\n\r\n"},
                });
            }
}

TEST_CASE("framing guard: at least 200 vectors are refused")
{
    std::size_t count = 0;
    for (const auto& part :
         {content_length(),
          transfer_encoding(),
          hosts(),
          lines(),
          request_lines(),
          chunk_lines(),
          trailers()})
        count += part.size();
    MESSAGE(count);
    CHECK(count >= 200);
}
