// Package gateway compiles model servers to the configuration of the Envoy in
// front of them. It is pure: a Config in, files out, the same bytes each time.
//
// # How a request is decided
//
// The route that admits a request is the route that forwards it, and each route
// asks for evidence of its own: a header's value, a token that was found in the
// body, an issuer that was verified. The path leads to the routes of one server, of
// which those that admit come first and one that refuses comes last. So whatever is
// missing, broken, spelt otherwise or not loaded yet leads to a refusal, and two
// ways to read a path cannot lead to two servers.
//
// A server's prefix is taken off: /fraud/v1/predict reaches the model as
// /v1/predict.
//
//	mode    evidence                                                        refusal
//	none    -                                                               -
//	header  Authorization: Bearer <token>                                   401, WWW-Authenticate: Basic and Bearer
//	        Authorization: Basic base64(<token>), with or without line end
//	        Authorization: Basic base64(<any user>:<token>), likewise
//	        <header of the server>: <token>                                 401
//	body    {"auth": "<token>"}, of a JSON content type                     401
//	jwt     Authorization: Bearer <JWT>, or <header of the server>: <JWT>   401, WWW-Authenticate: Bearer; 403 for another audience
//
// 404 is for a path of no server, 413 for a body above the server's limit, 431 for
// headers above 60 KiB or 100 in number, 503 for a server without a healthy model,
// 504 for one that was silent for its timeout. To a gRPC caller a refusal is the
// status that stands for it (16 for 401). Each answer of the gateway itself is
// JSON: error, request_id, status.
//
// The model learns the token's name, or the JWT's subject, from x-serving-client;
// one that a caller sends is removed, from trailers as well. Credentials in headers
// are removed before the model sees the request; a body is passed on byte for byte.
//
// # What becomes of bad input
//
// Each line is held by a test against a real Envoy.
//
//	several Authorization headers, even equal ones   401: they count as one, joined with a comma
//	a header of the server's own, several times      admitted if one is right; none is passed on
//	scheme in any case, spaces before the token      accepted; a tab is not
//	base64 without padding, of the URL alphabet, ... 401
//	Basic of more than 8 KiB                         401
//	token in the query or in another header          401
//	header name with an underscore                   removed from the request
//	JSON that is malformed, cut, followed by more    401 (not_json); a zero byte ends a document,
//	                                                 a byte order mark is skipped
//	nesting without end (100,000 levels)             401 (not_json)
//	duplicate keys                                   the last one counts
//	auth that is no string: number, list, null, ...  401, even for a token of digits
//	content type of no JSON, none, two; compressed   401 (not_json)
//	body above the limit, with length or in chunks   413
//	WebSocket or GET in mode body                    401: there is no body to search
//	//, /./, /../, %2e%2e, %73 in a path             normalised first, then decided
//	%2f, %5c, %00, # in a path                       400
//	/secretx, /Secret, /secret;x for /secret         404
//	Content-Length with Transfer-Encoding, twice,
//	  signed, too large; space before a colon        400 and the connection is closed
//	transfer encoding other than chunked             501
//	bare line feed                                   ends a header, as CRLF does
//	bare carriage return, folded header              removed, joined; no header of its own
//	HTTP/1.0 and 0.9                                 426
//	HTTP/2 with fields of HTTP/1.1, line ends,
//	  a second path, capitals, a wrong length        the stream or the connection ends
//	a body that stalls before it is searched         408 after a minute
//	two Host headers                                 accepted: nothing is decided by Host
//
// # How Authorization is read
//
// Three ways were weighed for "Basic base64(user:token)" with any user:
//
//   - api_key_auth compares whole values: users would have to be listed, schemes
//     spelt in one case, and each change of a token would be one of the listener
//     or need settings per route all the same. A value without any scheme would do.
//   - Routes that match the header with a regular expression: base64 makes one of
//     three texts of a token behind a user. Exact, but 520 bytes for each token of 64.
//   - header_to_metadata decodes base64, once for all servers and without knowing a
//     token (credential.go); routes match what it found, in 85 bytes. Where it fails
//     it finds nothing, and nothing is admitted. This is the way taken.
//
// Values are not compared in constant time; a token has 16 bytes at least.
//
// # What 1,000 servers weigh
//
// The files come from Secrets of 1 MiB each, and a file cannot be split. In mode
// header, with two tokens of 64 characters and names of 20, the routes were 3.1 MB.
// Three ways were weighed:
//
//   - Text as before, in more files: there is no second file for routes. Envoy takes
//     one RouteConfiguration from a path (VHDS and scoped routes go by host or need a
//     server), so 300 servers would be the end.
//   - Compressed, 0.1 MB: Envoy reads no such file, and a process beside it that
//     unpacks would have to be built, shipped and watched.
//   - Binary, and nothing said twice: 2.0 MB as it was; 0.76 MB, 72 %, since the
//     credential is read in one place, the challenge is written in one place, one
//     route refuses, and a tree instead of each route knows the path. Mode body takes
//     94 %, jwt 63 % and 61 %. This is the way taken; SizeError is for more. The tree
//     also made a request to the last of 1,000 servers as fast as to the first; in one
//     list it took four times as long.
//
// Of a binary file Envoy notices only whether its messages are whole: an empty one
// is no routes or no clusters, which refuses. The kubelet swaps whole directories.
//
// # How a pod ends
//
// On SIGTERM Envoy ends at once and cuts what is under way; --drain-time-s is for
// other occasions. So the container sleeps in preStop (PreStopSeconds) while it is
// out of its Service: new connections go elsewhere, and each old one is closed after
// DrainSeconds, by an answer that says so.
package gateway
