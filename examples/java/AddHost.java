import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What an engine does when an administrator adds a host: it asks the service which interface is the hostActiveNic, and
 * deploys the management network there, or shows the refusal.
 *
 * <p>JDK 17 or later, no other libraries:
 *
 * <pre>java AddHost.java [--token-file FILE] URL REPORT (ADDRESS... | --host NAME)</pre>
 *
 * <p>REPORT is a file with the reply of VDSM's getCapabilities, or a report of another format. The service resolves NAME.
 * The exit status is that of `activenic decide`: 0 resolved, 3 rejected, 4 ambiguous, 5 no_match, 6 unknown_host; 2 wrong
 * usage; 1 no decision.
 */
public final class AddHost {
    private static final String PATH =
            "/v1/decisions?fields=status,hostActiveNic,refusals,decision_id,candidates,owners";
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);
    private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(30);

    /** The messages of an engine, by the codes of rules. An engine has them in the language of the administrator. */
    private static final Map<String, String> REFUSALS = Map.of(
            "SEVERAL_INTERFACES", "several interfaces own addresses of the host",
            "MANAGEMENT_NETWORK_OVER_BRIDGE", "the interface is a bridge",
            "NETWORKS_ALREADY_ATTACHED_TO_IFACES", "the management network is attached to another interface",
            "VLAN_ID_MISMATCH", "the VLAN ID of the interface differs from that of the management network",
            "BOND_HAS_FEW_SLAVES", "the bond has fewer than two slaves");

    enum Status {
        RESOLVED(0), REJECTED(3), AMBIGUOUS(4), NO_MATCH(5), UNKNOWN_HOST(6);

        final int exit;

        Status(int exit) {
            this.exit = exit;
        }
    }

    /** The small answer (schemas/answer.schema.json). `hostActiveNic` is null unless resolved or rejected. */
    record Answer(
            Status status,
            String hostActiveNic,
            List<String> refusals,
            String decisionId,
            List<String> candidates,
            List<String> owners) {

        static Answer read(String json) {
            Map<?, ?> members = (Map<?, ?>) new Json(json).document();
            return new Answer(
                    Status.valueOf(text(members, "status").toUpperCase()),
                    (String) members.get("hostActiveNic"),
                    texts(members, "refusals"),
                    text(members, "decision_id"),
                    texts(members, "candidates"),
                    texts(members, "owners"));
        }

        /** What the administrator sees. */
        String message() {
            return switch (status) {
                case RESOLVED -> "the management network will be deployed on " + hostActiveNic;
                case REJECTED -> refusal("the management network cannot be deployed on " + hostActiveNic);
                case AMBIGUOUS -> refusal("several interfaces are possible: " + String.join(", ", candidates));
                case NO_MATCH -> refusal(owners.isEmpty()
                        ? "no interface of the host owns its address; it may be behind NAT, or its DNS record is wrong"
                        : "the policy accepts none of the interfaces that own its address: " + String.join(", ", owners));
                case UNKNOWN_HOST -> refusal("the name of the host has no address, or a DNS query failed");
            };
        }

        private String refusal(String reason) {
            String details = refusals.stream()
                    .map(code -> "\n  " + REFUSALS.getOrDefault(code, "rule of the site") + " (" + code + ")")
                    .collect(Collectors.joining());
            return "cannot add the host: " + reason + details + "\n  decision " + decisionId;
        }
    }

    /** The service made no decision: its problem details (RFC 9457). */
    static final class ProblemException extends IOException {
        private static final long serialVersionUID = 1L;

        ProblemException(int status, String message) {
            super("no decision (HTTP " + status + "): " + message);
        }

        static ProblemException of(HttpResponse<String> response) {
            String type = response.headers().firstValue("Content-Type").orElse("");
            if (!type.startsWith("application/problem+json")) {
                return new ProblemException(response.statusCode(), "the response is not from the service");
            }
            Map<?, ?> problem = (Map<?, ?>) new Json(response.body()).document();
            StringBuilder message = new StringBuilder(text(problem, "title"));
            List<?> diagnostics = (List<?>) problem.get("diagnostics");
            if (diagnostics.isEmpty()) {
                message.append("\n  ").append(text(problem, "detail"));
            }
            for (Object diagnostic : diagnostics) {
                Map<?, ?> members = (Map<?, ?>) diagnostic;
                message.append("\n  ").append(text(members, "code")).append(": ").append(text(members, "message"));
                for (String member : List.of("place", "hint")) {
                    if (!text(members, member).isEmpty()) {
                        message.append("\n    ").append(member).append(": ").append(text(members, member));
                    }
                }
            }
            response.headers().firstValue("Retry-After").ifPresent(
                    seconds -> message.append("\n  try again after ").append(seconds).append(" s"));
            return new ProblemException(response.statusCode(), message.toString());
        }
    }

    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT_TIMEOUT)
            .build();
    private final URI decisions;
    private final String token;

    /** A client of the service at a URL. It can be shared by threads. The token may be null. */
    public AddHost(String url, String token) {
        this.decisions = URI.create(url.replaceAll("/+$", "") + PATH);
        this.token = token;
    }

    /** Asks for the hostActiveNic of a host with these addresses. The report is JSON text, which is sent as it is. */
    Answer ask(String report, List<String> addresses) throws IOException, InterruptedException {
        String array = addresses.stream().map(Json::quote).collect(Collectors.joining(",", "[", "]"));
        return post("{\"report\":" + report + ",\"addresses\":" + array + "}");
    }

    /** Asks for the hostActiveNic of a host with this name, which the service resolves. */
    Answer ask(String report, String host) throws IOException, InterruptedException {
        return post("{\"report\":" + report + ",\"host\":" + Json.quote(host) + "}");
    }

    private Answer post(String question) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(decisions)
                .timeout(REQUEST_TIMEOUT)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(question));
        if (token != null) {
            request.header("Authorization", "Bearer " + token);
        }
        HttpResponse<String> response = client.send(request.build(), BodyHandlers.ofString());
        if (response.statusCode() != 200) {
            throw ProblemException.of(response);
        }
        return Answer.read(response.body());
    }

    public static void main(String[] arguments) throws InterruptedException {
        List<String> words = new ArrayList<>(List.of(arguments));
        String tokenFile = null;
        if (words.size() > 1 && words.get(0).equals("--token-file")) {
            tokenFile = words.get(1);
            words = words.subList(2, words.size());
        }
        boolean hasName = words.size() == 4 && words.get(2).equals("--host");
        if (words.size() < 3 || words.get(2).startsWith("--") && !hasName) {
            System.err.println("usage: java AddHost.java [--token-file FILE] URL REPORT (ADDRESS... | --host NAME)");
            System.exit(2);
        }
        try {
            // the token is not an argument, because every user of the machine can see the arguments of a process
            String token = tokenFile == null ? null : Files.readString(Path.of(tokenFile)).strip();
            AddHost client = new AddHost(words.get(0), token);
            String report = Files.readString(Path.of(words.get(1)));
            Answer answer = hasName
                    ? client.ask(report, words.get(3))
                    : client.ask(report, words.subList(2, words.size()));
            System.out.println(answer.message());
            System.exit(answer.status().exit);
        } catch (ProblemException problem) {
            System.err.println(problem.getMessage());
        } catch (IOException | IllegalArgumentException error) {
            System.err.println("no decision: " + error);
        }
        System.exit(1);
    }

    private static String text(Map<?, ?> members, String name) {
        return (String) members.get(name);
    }

    private static List<String> texts(Map<?, ?> members, String name) {
        return ((List<?>) members.get(name)).stream().map(String.class::cast).toList();
    }

    /**
     * Reads a JSON text (RFC 8259) of the service: maps, lists, strings, numbers, booleans, null.
     *
     * <p>The JDK has no JSON parser. An engine has one, for example Jackson: then `new ObjectMapper().readValue(json,
     * Answer.class)` replaces this class. It raises IllegalArgumentException for another text.
     */
    static final class Json {
        private final String text;
        private int at;

        Json(String text) {
            this.text = text;
        }

        static String quote(String value) {
            StringBuilder quoted = new StringBuilder("\"");
            value.chars().forEach(c -> quoted.append(
                    c < ' ' || c == '"' || c == '\\' ? String.format("\\u%04x", c) : String.valueOf((char) c)));
            return quoted.append('"').toString();
        }

        Object document() {
            Object value = value();
            require(next() == 0);
            return value;
        }

        private Object value() {
            return switch (next()) {
                case '{' -> object();
                case '[' -> array();
                case '"' -> string();
                case 't' -> word("true", true);
                case 'f' -> word("false", false);
                case 'n' -> word("null", null);
                default -> number();
            };
        }

        private Map<String, Object> object() {
            Map<String, Object> members = new LinkedHashMap<>();
            take('{');
            while (next() != '}') {
                require(members.isEmpty() || take(','));
                require(next() == '"');
                String name = string();
                require(next() == ':' && take(':'));
                members.put(name, value());
            }
            take('}');
            return members;
        }

        private List<Object> array() {
            List<Object> elements = new ArrayList<>();
            take('[');
            while (next() != ']') {
                require(elements.isEmpty() || take(','));
                elements.add(value());
            }
            take(']');
            return elements;
        }

        private String string() {
            StringBuilder value = new StringBuilder();
            at++;
            for (; at < text.length() && text.charAt(at) != '"'; at++) {
                value.append(text.charAt(at) == '\\' ? escaped() : text.charAt(at));
            }
            take('"');
            return value.toString();
        }

        private char escaped() {
            require(++at < text.length());
            char c = text.charAt(at);
            if (c == 'u') {
                at += 4;
                require(at < text.length());
                return (char) Integer.parseInt(text.substring(at - 3, at + 1), 16);
            }
            int index = "\"\\/bfnrt".indexOf(c);
            require(index >= 0);
            return "\"\\/\b\f\n\r\t".charAt(index);
        }

        private Object word(String word, Object value) {
            require(text.startsWith(word, at));
            at += word.length();
            return value;
        }

        private Double number() {
            int start = at;
            while (at < text.length() && "+-.0123456789Ee".indexOf(text.charAt(at)) >= 0) {
                at++;
            }
            return Double.valueOf(text.substring(start, at));
        }

        /** The next character that is not white space; 0 at the end. */
        private char next() {
            while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
                at++;
            }
            return at < text.length() ? text.charAt(at) : 0;
        }

        private boolean take(char expected) {
            require(at < text.length() && text.charAt(at) == expected);
            at++;
            return true;
        }

        private void require(boolean condition) {
            if (!condition) {
                throw new IllegalArgumentException("invalid JSON at character " + at);
            }
        }
    }
}
