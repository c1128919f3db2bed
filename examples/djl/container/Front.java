import ai.djl.MalformedModelException;
import ai.djl.inference.Predictor;
import ai.djl.modality.Input;
import ai.djl.modality.Output;
import ai.djl.ndarray.BytesSupplier;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.TranslateException;
import ai.djl.util.Utils;
import com.google.gson.Gson;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Executors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * SageMaker's two routes in front of DJL's Python engine, in the place of DJL Serving.
 *
 * <p>Like DJL Serving it loads the model before it listens, ends when the model cannot be loaded, answers an exception of
 * the handler with 424, and calls itself unhealthy after ten failures of the worker. It has one worker and one model.
 */
public final class Front {

    private static final Logger LOG = LoggerFactory.getLogger(Front.class);
    private static final Path MODEL = Path.of("/opt/ml/model");
    private static final int MAX_REQUEST_SIZE = 6_553_500; // bytes: DJL Serving's max_request_size
    private static final int RETRY_THRESHOLD = 10; // failures of the worker: DJL Serving's retry_threshold
    private static final int BACKLOG = 1024; // connections
    private static final Gson JSON = new Gson();

    private final ZooModel<Input, Output> model;
    private final Predictor<Input, Output> worker;

    private Front(ZooModel<Input, Output> model) {
        this.model = model;
        this.worker = model.newPredictor(); // starts the worker process, which installs requirements.txt first
    }

    /** Serves until the process is told to end. */
    public static void main(String[] args) {
        if (args.length != 1 || !"serve".equals(args[0])) {
            LOG.error("SageMaker starts this image with the argument 'serve'; given: {}", String.join(" ", args));
            System.exit(2);
        }
        try {
            LOG.info("Initializing model: {}", MODEL);
            new Front(load()).listen(port());
        } catch (Exception error) {
            LOG.error("Failed register workflow", error);
            System.exit(1);
        }
    }

    private static ZooModel<Input, Output> load()
            throws IOException, ModelNotFoundException, MalformedModelException {
        return Criteria.builder()
                .setTypes(Input.class, Output.class)
                .optModelPath(Utils.getNestedModelDir(MODEL))
                .optModelName("model")
                .build()
                .loadModel(); // reads serving.properties
    }

    private static int port() {
        String given = Utils.getenv("SAGEMAKER_BIND_TO_PORT", Utils.getenv("SERVER_PORT", "8080"));
        return Integer.parseInt(given);
    }

    private void listen(int port) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(port), BACKLOG);
        server.createContext("/", exchange -> fail(exchange, 404, "Requested resource is not found."));
        server.createContext("/ping", only("GET", this::ping));
        server.createContext("/invocations", only("POST", this::invocations));
        server.setExecutor(Executors.newCachedThreadPool());
        server.start();
        LOG.info("BOTH API bind to: http://0.0.0.0:{}", port);
    }

    private static HttpHandler only(String method, HttpHandler handler) {
        return exchange -> {
            if (!exchange.getRequestURI().getPath().equals(exchange.getHttpContext().getPath())) {
                fail(exchange, 404, "Requested resource is not found.");
            } else if (method.equals(exchange.getRequestMethod())) {
                handler.handle(exchange);
            } else {
                fail(exchange, 405, "Requested method is not allowed, please refer to API document.");
            }
        };
    }

    private void ping(HttpExchange exchange) throws IOException {
        boolean well = model.intProperty("failed", 0) < RETRY_THRESHOLD;
        answerJson(exchange, well ? 200 : 500, Map.of("status", well ? "Healthy" : "Unhealthy"));
    }

    private void invocations(HttpExchange exchange) throws IOException {
        byte[] body = exchange.getRequestBody().readNBytes(MAX_REQUEST_SIZE + 1);
        if (body.length > MAX_REQUEST_SIZE) {
            fail(exchange, 413, "The request is larger than " + MAX_REQUEST_SIZE + " bytes.");
            return;
        }
        try {
            answer(exchange, predict(input(exchange, body)));
        } catch (TranslateException error) {
            LOG.warn("Unexpected error", error);
            fail(exchange, 400, error.getMessage());
        } catch (RuntimeException error) {
            LOG.warn("Unexpected error", error);
            fail(exchange, 500, error.getMessage());
        }
    }

    /** One after the other: there is one worker. */
    private synchronized Output predict(Input input) throws TranslateException {
        return worker.predict(input);
    }

    private static Input input(HttpExchange exchange, byte[] body) {
        Input input = new Input();
        exchange.getRequestHeaders()
                .forEach((name, values) -> input.addProperty(name.toLowerCase(Locale.ROOT), values.get(0)));
        String type = exchange.getRequestHeaders().getFirst("Content-Type");
        if (type != null) {
            input.addProperty("content-type", type.split(";")[0].strip());
        }
        input.add("data", body);
        return input;
    }

    private static void answer(HttpExchange exchange, Output output) throws IOException {
        output.getProperties().forEach(exchange.getResponseHeaders()::set);
        BytesSupplier data = output.getData();
        send(exchange, output.getCode(), data == null ? new byte[0] : data.getAsBytes());
    }

    private static void fail(HttpExchange exchange, int code, String message) throws IOException {
        Map<String, Object> error = new LinkedHashMap<>();
        error.put("code", code);
        error.put("message", message);
        answerJson(exchange, code, error);
    }

    private static void answerJson(HttpExchange exchange, int code, Object value) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        send(exchange, code, JSON.toJson(value).getBytes(StandardCharsets.UTF_8));
    }

    /** What is left of the request is read first: a client that still sends would not see the answer. */
    private static void send(HttpExchange exchange, int code, byte[] body) throws IOException {
        try (exchange; InputStream rest = exchange.getRequestBody()) {
            rest.transferTo(OutputStream.nullOutputStream());
            exchange.sendResponseHeaders(code, body.length == 0 ? -1 : body.length);
            exchange.getResponseBody().write(body);
        }
    }
}
