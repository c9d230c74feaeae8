/*
 * An agent of libnice for interop tests, on 127.0.0.1: lines of JSON on standard input and output, as
 * test/support/foreign-agent.ts speaks them. What comes in is echoed. Arguments: the options as JSON.
 *
 * The JSON is that of the tests: flat, without escapes in its strings.
 */
#include <gio/gio.h>
#include <nice/agent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMPONENT 1

static NiceAgent *agent;
static guint stream;
static GMainLoop *loop;
static gboolean wants_report = FALSE;
static NiceComponentState state = NICE_COMPONENT_STATE_DISCONNECTED;

/* The string at that key, to be freed; NULL where there is none. */
static gchar *text_of(const gchar *json, const gchar *key) {
  g_autofree gchar *start = g_strdup_printf("\"%s\":\"", key);
  const gchar *value = strstr(json, start);
  if (value == NULL) return NULL;
  value += strlen(start);
  const gchar *end = strchr(value, '"');
  return end == NULL ? NULL : g_strndup(value, end - value);
}

static gboolean is_true(const gchar *json, const gchar *key) {
  g_autofree gchar *pair = g_strdup_printf("\"%s\":true", key);
  return strstr(json, pair) != NULL;
}

static void say(const gchar *line) {
  puts(line);
  fflush(stdout);
}

static void say_hello(void) {
  g_autofree gchar *fragment = NULL;
  g_autofree gchar *password = NULL;
  nice_agent_get_local_credentials(agent, stream, &fragment, &password);
  g_autoptr(GString) line = g_string_new(NULL);
  g_string_printf(line, "{\"usernameFragment\":\"%s\",\"password\":\"%s\",\"candidates\":[", fragment, password);
  GSList *candidates = nice_agent_get_local_candidates(agent, stream, COMPONENT);
  for (GSList *item = candidates; item != NULL; item = item->next) {
    g_autofree gchar *text = nice_agent_generate_local_candidate_sdp(agent, item->data);
    g_string_append_printf(line, "%s\"%s\"", item == candidates ? "" : ",", text + strlen("a=candidate:"));
  }
  g_slist_free_full(candidates, (GDestroyNotify)nice_candidate_free);
  g_string_append(line, "]}");
  say(line->str);
}

/* Says how checking ended, once somebody has asked. */
static void report(void) {
  if (!wants_report) return;
  if (state == NICE_COMPONENT_STATE_READY) {
    gboolean is_controlling = FALSE;
    g_object_get(agent, "controlling-mode", &is_controlling, NULL);
    say(is_controlling ? "{\"connected\":true,\"controlling\":true}" : "{\"connected\":true,\"controlling\":false}");
  } else if (state == NICE_COMPONENT_STATE_FAILED) {
    say("{\"connected\":false,\"error\":\"failed\"}");
  } else {
    return;
  }
  wants_report = FALSE;
}

static void state_changed(NiceAgent *self, guint id, guint component, guint now, gpointer data) {
  (void)self, (void)id, (void)component, (void)data;
  state = now;
  report();
}

static void gathered(NiceAgent *self, guint id, gpointer data) {
  (void)self, (void)id, (void)data;
  say_hello();
}

static void received(NiceAgent *self, guint id, guint component, guint length, gchar *bytes, gpointer data) {
  (void)data;
  g_autofree gchar *echo = g_strdup_printf("echo %.*s", (int)length, bytes);
  nice_agent_send(self, id, component, strlen(echo), echo);
}

static void add_candidate(const gchar *text) {
  if (*text == '\0') {
    nice_agent_peer_candidate_gathering_done(agent, stream);
    return;
  }
  g_autofree gchar *line = g_strdup_printf("a=candidate:%s", text);
  NiceCandidate *candidate = nice_agent_parse_remote_candidate_sdp(agent, stream, line);
  if (candidate == NULL) return;
  GSList *one = g_slist_append(NULL, candidate);
  nice_agent_set_remote_candidates(agent, stream, COMPONENT, one);
  g_slist_free_full(one, (GDestroyNotify)nice_candidate_free);
}

static gboolean obey(GIOChannel *input, GIOCondition condition, gpointer data) {
  (void)condition, (void)data;
  g_autofree gchar *line = NULL;
  if (g_io_channel_read_line(input, &line, NULL, NULL, NULL) != G_IO_STATUS_NORMAL || is_true(line, "close")) {
    g_main_loop_quit(loop);
    return G_SOURCE_REMOVE;
  }
  g_autofree gchar *fragment = text_of(line, "usernameFragment");
  g_autofree gchar *password = text_of(line, "password");
  g_autofree gchar *candidate = text_of(line, "candidate");
  g_autofree gchar *text = text_of(line, "send");
  if (fragment != NULL) nice_agent_set_remote_credentials(agent, stream, fragment, password);
  else if (candidate != NULL) add_candidate(candidate);
  else if (text != NULL) nice_agent_send(agent, stream, COMPONENT, strlen(text), text);
  else if (is_true(line, "connect")) {
    wants_report = TRUE;
    report();
  }
  return G_SOURCE_CONTINUE;
}

int main(int argc, char **argv) {
  const gchar *options = argc > 1 ? argv[1] : "{}";
  gboolean is_tcp = is_true(options, "tcp");
  loop = g_main_loop_new(NULL, FALSE);
  agent = nice_agent_new_full(g_main_loop_get_context(loop), NICE_COMPATIBILITY_RFC5245,
                              NICE_AGENT_OPTION_ICE_TRICKLE |
                                  (is_true(options, "regular") ? NICE_AGENT_OPTION_REGULAR_NOMINATION : 0) |
                                  (is_true(options, "consent") ? NICE_AGENT_OPTION_CONSENT_FRESHNESS : 0));
  g_object_set(agent, "controlling-mode", is_true(options, "controlling"), "upnp", FALSE, "ice-udp", !is_tcp,
               "ice-tcp", is_tcp, NULL);
  NiceAddress address;
  nice_address_init(&address);
  g_autofree gchar *host = text_of(options, "address");
  nice_address_set_from_string(&address, host == NULL ? "127.0.0.1" : host);
  nice_agent_add_local_address(agent, &address);
  stream = nice_agent_add_stream(agent, 1);
  nice_agent_set_stream_name(agent, stream, "application");
  g_signal_connect(agent, "candidate-gathering-done", G_CALLBACK(gathered), NULL);
  g_signal_connect(agent, "component-state-changed", G_CALLBACK(state_changed), NULL);
  nice_agent_attach_recv(agent, stream, COMPONENT, g_main_loop_get_context(loop), received, NULL);
  if (!nice_agent_gather_candidates(agent, stream)) return EXIT_FAILURE;
  GIOChannel *input = g_io_channel_unix_new(0);
  g_io_add_watch(input, G_IO_IN | G_IO_HUP, obey, NULL);
  g_main_loop_run(loop);
  g_object_unref(agent);
  return EXIT_SUCCESS;
}
