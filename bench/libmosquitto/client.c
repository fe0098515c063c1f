// Does one order with libmosquitto, and prints the result as JSON in its last line (order.go has both).
//
// So many blocking goroutines are so many messages in flight. At QoS 0 the network loop has a thread of its own; elsewhere one thread
// that publishes and runs the loop is faster.
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

static struct {
	char host[64], client[128], work[16];
	int port, version, qos, n, size, goroutines, window, streams;
	bool properties, aliases, broker;
} order;

static struct mosquitto *client;
static bool connected, subscribed, ending, lost;
static sem_t room; // with a thread for the loop: for so many more messages
static bool threaded;
static int done, left;
static long long *next; // by stream, the sequence that is due

static void fail(const char *format, ...) {
	va_list args;
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

static void must(int code, const char *what) {
	if (code != MOSQ_ERR_SUCCESS) fail("%s: %s", what, mosquitto_strerror(code));
}

// find gives what stands behind a key. The order is written by a program, with no space and nothing to unescape.
static const char *find(const char *json, const char *key) {
	char quoted[32];
	snprintf(quoted, sizeof quoted, "\"%s\":", key);
	const char *at = strstr(json, quoted);
	if (at == NULL) fail("the order has no %s", key);
	return at + strlen(quoted);
}

static int number(const char *json, const char *key) { return atoi(find(json, key)); }
static bool flag(const char *json, const char *key) { return *find(json, key) == 't'; }

static void text(const char *json, const char *key, char *to, size_t size) {
	const char *from = find(json, key) + 1, *quote = strchr(from, '"');
	if (quote == NULL || (size_t)(quote - from) >= size) fail("%s is too long", key);
	memcpy(to, from, quote - from);
	to[quote - from] = 0;
}

static void read_order(const char *json) {
	text(json, "Address", order.host, sizeof order.host);
	text(json, "Client", order.client, sizeof order.client);
	text(json, "Work", order.work, sizeof order.work);
	char *colon = strrchr(order.host, ':');
	if (colon == NULL) fail("the address has no port");
	*colon = 0;
	order.port = atoi(colon + 1);
	order.version = number(json, "Version");
	order.qos = number(json, "QoS");
	order.n = number(json, "N");
	order.size = number(json, "Size");
	order.goroutines = number(json, "Goroutines");
	order.window = number(json, "Window");
	order.streams = number(json, "Streams");
	order.properties = flag(json, "Properties");
	order.aliases = flag(json, "Aliases");
	order.broker = flag(json, "Broker");
	if (order.size < 16) order.size = 16;
}

static void on_connect(struct mosquitto *m, void *self, int code) {
	if (code != 0) fail("refused: %d", code);
	connected = true;
}

static void on_disconnect(struct mosquitto *m, void *self, int code) {
	lost = true;
	if (!ending && strcmp(order.work, "reconnect") != 0) fail("the connection was lost: %s", mosquitto_strerror(code));
}

static void on_subscribe(struct mosquitto *m, void *self, int id, int count, const int *granted) { subscribed = true; }

static void on_publish(struct mosquitto *m, void *self, int id) {
	if (threaded) sem_post(&room);
	else done++;
}

// What is in a payload is told in payload.go.
enum { block = 1024, labelled = 12, large = 4096 };
static unsigned char filler[block];

static void make_filler(void) {
	unsigned int x = 1;
	for (int i = 0; i < block; i++) {
		x = x * 1103515245u + 12345u;
		filler[i] = x >> 16;
	}
}

static void set_number(unsigned char *to, unsigned long long number) {
	number = __builtin_bswap64(number);
	memcpy(to, &number, 8);
}

static bool whole(const unsigned char *payload, int size, unsigned long long sequence) {
	for (int at = 0; at < size; at += block, sequence += 1ull << 40) {
		int n = size - at < block ? size - at : block;
		const unsigned char *b = payload + at;
		unsigned char number[8];
		set_number(number, sequence);
		if (at > 0 && memcmp(b, filler, n < 4 ? n : 4) != 0) return false;
		if (n < labelled ? memcmp(b, filler, n) != 0 : memcmp(b + 4, number, 8) != 0 || memcmp(b + labelled, filler + labelled, n - labelled) != 0) return false;
	}
	return true;
}

// take checks what comes. The library frees a payload when it was taken, so none can be held and looked at again.
static void take(int stream, const unsigned char *payload, int size) {
	static unsigned taken;
	if (size != order.size) fail("a payload of %d bytes came", size);
	long long sequence = 0;
	for (int i = 4; i < labelled; i++) sequence = sequence << 8 | payload[i];
	if (sequence != next[stream]) fail("message %lld came, want %lld", sequence, next[stream]);
	if ((size <= large || taken % 8 == 0) && !whole(payload, size, sequence)) fail("message %lld came with bytes that aren't its own", sequence);
	next[stream] += order.streams > 0 ? order.streams : 1;
	taken++;
	left--;
}

// on_message: there is one callback for all. Who has handlers for topics looks them up; here the number in the topic is enough.
static void on_message(struct mosquitto *m, void *self, const struct mosquitto_message *message) {
	int stream = 0;
	if (order.streams > 0) {
		const char *slash = strrchr(message->topic, '/');
		stream = slash == NULL ? -1 : atoi(slash + 1);
		if (stream < 0 || stream >= order.streams) fail("a message for %s came", message->topic);
	}
	take(stream, message->payload, message->payloadlen);
}

static void loop(void) { must(mosquitto_loop(client, 1000, 1), "loop"); }

static double seconds(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static double processed(void) {
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	return u.ru_utime.tv_sec + u.ru_stime.tv_sec + (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static double start, used;

static void begin(void) {
	used = processed();
	start = seconds();
}

// end prints the result, and disconnects. What more there is begins with a comma.
static void end(const char *more) {
	double took = seconds() - start, cpu = processed() - used;
	ending = true;
	mosquitto_disconnect(client);
	if (threaded) mosquitto_loop_stop(client, false);
	else while (mosquitto_loop(client, 1000, 1) == MOSQ_ERR_SUCCESS);
	mosquitto_destroy(client);
	mosquitto_lib_cleanup();
	printf("{\"N\":%d,\"Seconds\":%.9f,\"CPU\":%.6f,\"Allocations\":-1,\"AllocBytes\":-1%s}\n", order.n, took, cpu, more);
}

static unsigned char *payload;

static void set_sequence(unsigned long long sequence) {
	for (int at = 0; at + labelled <= order.size; at += block, sequence += 1ull << 40) set_number(payload + at + 4, sequence);
}

static mosquitto_property *properties(void) {
	mosquitto_property *p = NULL;
	if (!order.properties) return p;
	must(mosquitto_property_add_string_pair(&p, MQTT_PROP_USER_PROPERTY, "unit", "kelvin"), "properties");
	must(mosquitto_property_add_string(&p, MQTT_PROP_CONTENT_TYPE, "application/octet-stream"), "properties");
	must(mosquitto_property_add_string(&p, MQTT_PROP_RESPONSE_TOPIC, "bench/response"), "properties");
	must(mosquitto_property_add_binary(&p, MQTT_PROP_CORRELATION_DATA, "12345678", 8), "properties");
	return p;
}

static int window(void) {
	if (order.window > 0) return order.window;
	return order.goroutines > 0 ? order.goroutines : 1;
}

static void publish(void) {
	mosquitto_property *p = properties();
	int most = window(), begun = 0;
	begin();
	while (done < order.n) {
		while (begun < order.n && begun - done < most) {
			set_sequence(begun++);
			must(mosquitto_publish_v5(client, NULL, "bench/topic", order.size, payload, order.qos, false, p), "publish");
		}
		loop();
	}
	end("");
}

// publish_loose is for QoS 0. Callers don't wait, unless 1000 messages wait to be written.
static void publish_loose(void) {
	mosquitto_property *p = properties();
	const int most = 1000;
	sem_init(&room, 0, most);
	threaded = true;
	must(mosquitto_loop_start(client), "loop_start");
	begin();
	for (int i = 0; i < order.n; i++) {
		sem_wait(&room);
		set_sequence(i);
		must(mosquitto_publish_v5(client, NULL, "bench/topic", order.size, payload, 0, false, p), "publish");
	}
	int on = 1; // the last message is the measurement's, and shouldn't wait for an acknowledgement of TCP
	setsockopt(mosquitto_socket(client), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	sem_wait(&room);
	must(mosquitto_publish(client, NULL, "count", 0, NULL, 1, false), "publish");
	for (int i = 0; i < most; i++) sem_wait(&room);
	end("");
}

static void subscribe(int count, char **filters) {
	subscribed = false;
	must(mosquitto_subscribe_multiple(client, NULL, count, filters, order.qos, 0, NULL), "subscribe");
	while (!subscribed) loop();
}

static void receive(void) {
	int topics = order.streams > 0 ? order.streams : 1;
	char *filters[topics], request[256];
	next = calloc(topics, sizeof *next);
	for (int i = 0; i < topics; i++) {
		next[i] = i;
		filters[i] = malloc(32);
		snprintf(filters[i], 32, order.streams > 0 ? "bench/topic/%06d" : "bench/topic", i);
	}
	left = order.n;
	subscribe(topics, filters);
	begin();
	if (order.broker) {
		snprintf(request, sizeof request, "ready/%s", order.client);
		must(mosquitto_publish(client, NULL, request, 0, NULL, 1, false), "publish");
	} else {
		snprintf(request, sizeof request, "flood/%d/%d/%d/%d/%d/%d", order.qos, order.size, order.n, order.streams,
			order.window > 0 ? order.window : 1000, order.properties);
		must(mosquitto_subscribe(client, NULL, request, order.qos), "subscribe");
	}
	while (left > 0) loop();
	end("");
}

static int compare(const void *a, const void *b) {
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double at(const double *took, double share) {
	int i = share * order.n;
	return took[i < order.n ? i : order.n - 1];
}

static void trip(void) {
	double *took = malloc(order.n * sizeof *took);
	begin();
	for (int i = 0; i < order.n; i++) {
		double from = seconds();
		set_sequence(i);
		must(mosquitto_publish(client, NULL, "bench/topic", order.size, payload, order.qos, false), "publish");
		while (done == i) loop();
		took[i] = (seconds() - from) * 1e6;
	}
	qsort(took, order.n, sizeof *took, compare);
	char more[128];
	snprintf(more, sizeof more, ",\"P50\":%.1f,\"P99\":%.1f,\"P999\":%.1f", at(took, 0.5), at(took, 0.99), at(took, 0.999));
	end(more);
}

// reconnect is measured from the second dial.
static void reconnect(void) {
	char filter[32], *filters[] = {filter};
	snprintf(filter, sizeof filter, "hold/%d", order.n);
	subscribe(1, filters);
	lost = false;
	for (int i = 0; i < order.n; i++) {
		set_sequence(i);
		must(mosquitto_publish(client, NULL, "bench/topic", order.size, payload, 1, false), "publish");
	}
	while (!lost) mosquitto_loop(client, 1000, 1);
	if (done > 0) fail("a message was acknowledged that the server has held");
	begin();
	must(mosquitto_reconnect(client), "reconnect");
	while (done < order.n) loop();
	end("");
}

static void connect_client(void) {
	mosquitto_lib_init();
	if ((client = mosquitto_new(order.client, strcmp(order.work, "reconnect") != 0, NULL)) == NULL) fail("no memory");
	mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION, order.version == 5 ? MQTT_PROTOCOL_V5 : MQTT_PROTOCOL_V311);
	// Without it, small packets that follow each other share a segment; it is the default, and faster where nobody waits.
	bool waits = strcmp(order.work, "publish") != 0 || (order.qos > 0 && window() == 1);
	mosquitto_int_option(client, MOSQ_OPT_TCP_NODELAY, waits);
	// Both are 20 unless they are set.
	must(mosquitto_max_inflight_messages_set(client, strcmp(order.work, "reconnect") == 0 ? order.n : window()), "max_inflight_messages");
	must(mosquitto_int_option(client, MOSQ_OPT_RECEIVE_MAXIMUM, 65535), "receive maximum");
	mosquitto_connect_callback_set(client, on_connect);
	mosquitto_disconnect_callback_set(client, on_disconnect);
	mosquitto_subscribe_callback_set(client, on_subscribe);
	mosquitto_publish_callback_set(client, on_publish);
	mosquitto_message_callback_set(client, on_message);
	must(mosquitto_connect(client, order.host, order.port, 60), "connect");
	while (!connected) loop();
}

static void cannot(const char *why) {
	printf("{\"Cannot\":\"%s\"}\n", why);
	exit(0);
}

int main(int count, char **args) {
	if (count < 2) fail("the order is missing");
	read_order(args[1]);
	if (order.aliases) cannot("it assigns no topic aliases");
	make_filler();
	payload = malloc(order.size);
	for (int at = 0; at < order.size; at += block) memcpy(payload + at, filler, order.size - at < block ? order.size - at : block);
	memset(payload, 0, 4);
	void (*work)(void) = NULL;
	if (strcmp(order.work, "publish") == 0) work = order.qos > 0 ? publish : publish_loose;
	if (strcmp(order.work, "receive") == 0) work = receive;
	if (strcmp(order.work, "trip") == 0) work = trip;
	if (strcmp(order.work, "reconnect") == 0) work = reconnect;
	if (strcmp(order.work, "idle") == 0) cannot("the memory of a connection is measured of Go clients only");
	if (work == NULL) cannot("it doesn't do this work");
	connect_client();
	work();
	return 0;
}
