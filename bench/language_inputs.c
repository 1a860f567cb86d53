/* The inputs of bench_languages.c. See language_inputs.h. */
#include "bench/language_inputs.h"

#include "bench/bench.h"

enum { COMMITS = 200, NODES = 400, STEPS = 250, ITEMS = 40 };

static const char expressions[] =
    "steps.make.status == 'Succeeded' && asInt(steps.make.outputs.parameters.count) > 10\n"
    "inputs.parameters.name + '-' + lower(inputs.parameters.zone)\n"
    "asInt(retries) < 3 && lastRetry.exitCode in ['1', '2', '137'] && lastRetry.status != "
    "'Error'\n"
    "sprig.trimSuffix('.git', inputs.parameters.repository)\n"
    "filter(items, .size > 20)[0].name\n"
    "sum(map(items, .size))\n"
    "join(map(items, upper(.name)), ',')\n"
    "len(filter(items, .zone == 'zone-3' && int(.size) % 2 == 0))\n"
    "inputs.parameters.mode == 'fast' ? 'large' : inputs.parameters.mode\n"
    "(workflow.parameters.missing ?? 'none') + workflow.name[0:5]\n"
    "toJson({'name': workflow.name, 'sizes': map(items[:5], .size)})\n"
    "split(steps.make.outputs.result, '\\n')[1] matches '^made [0-9]+$'\n"
    "any(items, .name startsWith 'item-39') and not all(items, .size > 3)\n"
    "reduce(1..100, #acc + # * 2, 0)";

static const char templates[] =
    "{{ .Input.repository.name | upper }}-{{ .Input.ref | trimPrefix \"refs/heads/\" }}\n"
    "{{ range $i, $c := .Input.commits }}{{ if lt $i 20 }}{{ $c.id | trunc 8 }}:"
    "{{ $c.author.name | title }};{{ end }}{{ end }}\n"
    "{{ $n := 0.0 }}{{ range .Input.commits }}{{ if gt .size 500.0 }}{{ $n = .size }}"
    "{{ end }}{{ end }}{{ printf \"%v of %d\" $n (len .Input.commits) }}\n"
    "{{ with .Input.repository.owner }}{{ .name | default \"nobody\" | quote }} "
    "<{{ .email | lower }}>{{ end }}\n"
    "{{ .Input.repository.topics | join \",\" }} {{ .Input.missing }} "
    "{{ .Input.after | sha256sum }}\n"
    "{{ dict \"ref\" .Input.ref \"to\" .Input.after | toJson }}\n"
    "{{ if and (eq .Input.action \"pushed\") (hasPrefix \"refs/\" .Input.ref) }}{{ .Input.ref "
    "| replace \"/\" \"-\" | b64enc }}{{ else }}none{{ end }}";

static const char paths[] = "repository.owner.name\n"
                            "ref\n"
                            "commits.#\n"
                            "commits.17.author.email\n"
                            "commits.199.id\n"
                            "commits.#.id\n"
                            "commits.#(size>700).author.name\n"
                            "commits.#(author.name==\"developer 5\")#.id\n"
                            "commits.#(id%\"*7f\")#|#\n"
                            "repository.to*.1\n"
                            "commits.120.files.@reverse.0\n"
                            "sender.login";

static const char program[] =
    "{ref, who: .repository.owner.name,"
    " large: [.commits[] | select(.size > 500) | {id: .id[0:8], files: (.files | length)}],"
    " total: ([.commits[].size] | add),"
    " authors: ([.commits[].author.name] | unique | join(\",\")),"
    " by: (.commits | group_by(.author.name) | map({key: .[0].author.name, value: length})"
    " | from_entries),"
    " first: (.commits | map(.message | ascii_upcase | split(\" \")[0]) | .[:10])}";

static struct str finish(struct arena *a, struct strbuf *b)
{
    struct str made = str_copy(a, strbuf_str(b));

    strbuf_done(b);
    return made;
}

/* Two hexadecimal words that look like a hash. */
static void add_hash(struct strbuf *b, unsigned n)
{
    strbuf_addf(b, "%08x%08x%08x%08x%08x", n * 2654435761U, n * 40503U + 7, ~n * 97U,
                n * 2246822519U, n ^ 0x5bd1e995U);
}

static struct str make_event(struct arena *a)
{
    struct strbuf b = STRBUF_INIT(1 << 20);

    strbuf_addz(&b, "{\"action\":\"pushed\",\"ref\":\"refs/heads/main\",\"after\":\"");
    add_hash(&b, 1);
    strbuf_addz(&b,
                "\",\"repository\":{\"name\":\"press\",\"owner\":{\"name\":\"printers\","
                "\"email\":\"Press@Example.org\"},\"topics\":[\"print\",\"paper\",\"ink\"]},"
                "\"commits\":[");
    for (unsigned i = 0; i < COMMITS; i++) {
        strbuf_addf(&b, "%s{\"id\":\"", i ? "," : "");
        add_hash(&b, i + 2);
        strbuf_addf(&b,
                    "\",\"message\":\"mend the roller %u\\n\\nIt stuck when the \\\"paper\\\" "
                    "was wet, which nobody saw.\",\"size\":%u,\"author\":{\"name\":\"developer "
                    "%u\",\"email\":\"developer%u@example.org\"},\"files\":[",
                    i, i * 37 % 1000, i % 12, i % 12);
        for (unsigned k = 0; k <= i % 6; k++)
            strbuf_addf(&b, "%s\"src/rollers/%u/part_%u.c\"", k ? "," : "", i, k);
        strbuf_addf(&b, "],\"distinct\":%s}", i % 2 ? "true" : "false");
    }
    strbuf_addz(&b, "],\"sender\":{\"login\":\"printer\",\"id\":71}}");
    return finish(a, &b);
}

static struct str make_nodes(struct arena *a)
{
    struct strbuf b = STRBUF_INIT(1 << 20);

    strbuf_addz(&b, "{\"kind\":\"Workflow\",\"status\":{\"nodes\":{");
    for (int i = 0; i < NODES; i++)
        strbuf_addf(
            &b,
            "%s\"wf-%d\":{\"id\":\"wf-%d\",\"name\":\"wf[0].step(%d:item)\",\"type\":\"Pod\","
            "\"phase\":\"Succeeded\",\"message\":\"line one\\nline \\\"two\\\"\","
            "\"startedAt\":\"2026-01-02T03:04:05Z\",\"children\":[\"wf-%d\",\"wf-%d\"],"
            "\"outputs\":{\"exitCode\":\"0\",\"n\":%d.5}}",
            i ? "," : "", i, i, i, i + 1, i + 2, i);
    strbuf_addz(&b, "}}}");
    return finish(a, &b);
}

static struct str make_manifest(struct arena *a)
{
    struct strbuf b = STRBUF_INIT(1 << 20);

    strbuf_addz(&b, "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Workflow\","
                    "\"metadata\":{\"name\":\"wide\"},\"spec\":{\"templates\":[");
    for (int i = 0; i < STEPS; i++)
        strbuf_addf(
            &b,
            "%s{\"name\":\"step-%d\",\"container\":{\"image\":\"registry.example.org/tools/"
            "press:{{workflow.parameters.version}}\",\"command\":[\"sh\",\"-c\"],\"args\":["
            "\"set -eu\\necho \\\"{{inputs.parameters.p%d}}\\\" | press --level=%d --to "
            "{{ inputs.parameters.p%d }} --as {{later.p%d}}\\n\"],\"env\":[{\"name\":\"MODE\","
            "\"value\":\"{{inputs.parameters.p%d}}\"},{\"name\":\"PLAIN\",\"value\":\"as it "
            "is, without a name in it\"},{\"name\":\"HOME\",\"value\":\"/srv/printer\"}]}}",
            i ? "," : "", i, i, i % 9, (i + 7) % STEPS, i, (i * 3) % STEPS);
    strbuf_addz(&b, "]}}");
    return finish(a, &b);
}

static struct str make_values(struct arena *a)
{
    struct strbuf b = STRBUF_INIT(1 << 20);

    strbuf_addz(&b, "{\"workflow.parameters.version\":\"1.27.3\"");
    for (int i = 0; i < STEPS; i++)
        strbuf_addf(&b, ",\"inputs.parameters.p%d\":\"value of %d%s\"", i, i,
                    i % 5 ? "" : ": \\\"quoted\\\"\\nand a line");
    strbuf_addc(&b, '}');
    return finish(a, &b);
}

static struct str make_yaml(struct arena *a)
{
    struct strbuf b = STRBUF_INIT(1 << 20);

    strbuf_addz(&b, "# a wide workflow\napiVersion: argoproj.io/v1alpha1\nkind: Workflow\n"
                    "metadata:\n  generateName: wide-\nspec:\n  entrypoint: main\n"
                    "  templates:\n");
    for (int i = 0; i < STEPS; i++)
        strbuf_addf(&b,
                    "  - name: step-%d # the %dth\n    inputs:\n      parameters:\n"
                    "      - {name: message, value: \"text %d\"}\n      - name: level\n"
                    "        value: %d\n    retryStrategy:\n      limit: \"3\"\n"
                    "    container:\n      image: 'registry.example.org/press:%d'\n"
                    "      command: [sh, -c]\n      args:\n      - |\n        set -eu\n"
                    "        echo \"{{inputs.parameters.message}}\" | press --level %d\n"
                    "      resources:\n        limits: {memory: 32Mi, cpu: 0.5}\n"
                    "      imagePullPolicy: IfNotPresent\n      tty: %s\n",
                    i, i, i, i % 9, i, i % 9, i % 2 ? "true" : "no");
    return finish(a, &b);
}

static struct str make_env(struct arena *a)
{
    struct strbuf b = STRBUF_INIT(1 << 20);

    strbuf_addz(
        &b, "{\"steps\":{\"make\":{\"status\":\"Succeeded\",\"outputs\":{\"result\":"
            "\"begun\\nmade 17\\nended\",\"parameters\":{\"count\":\"17\"}}}},"
            "\"inputs\":{\"parameters\":{\"name\":\"press\",\"zone\":\"North-1\",\"mode\":"
            "\"slow\",\"repository\":\"example.org/press.git\"}},\"retries\":\"2\","
            "\"lastRetry\":{\"exitCode\":\"137\",\"status\":\"Failed\"},\"workflow\":"
            "{\"name\":\"wide-x7k2p\",\"parameters\":{\"version\":\"1.27.3\"}},\"items\":[");
    for (int i = 0; i < ITEMS; i++)
        strbuf_addf(&b, "%s{\"name\":\"item-%d\",\"size\":%d,\"zone\":\"zone-%d\"}",
                    i ? "," : "", i, i, i % 5);
    strbuf_addz(&b, "]}");
    return finish(a, &b);
}

struct language_inputs language_inputs_make(struct arena *a)
{
    return (struct language_inputs){
        .event = make_event(a),
        .nodes = make_nodes(a),
        .manifest = make_manifest(a),
        .values = make_values(a),
        .yaml = make_yaml(a),
        .env = make_env(a),
        .expressions = str_from(expressions),
        .templates = str_from(templates),
        .paths = str_from(paths),
        .program = str_from(program),
    };
}

static void write_file(const char *folder, const char *name, struct str text)
{
    char path[BENCH_PATH_BYTES + 32];
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    f = fopen(path, "w");
    if (!f || fwrite(text.ptr, 1, text.len, f) != text.len || fclose(f) != 0) {
        fprintf(stderr, "bench: cannot write %s\n", path);
        exit(1);
    }
}

void language_inputs_write(const struct language_inputs *in, const char *folder)
{
    const struct {
        const char *name;
        struct str text;
    } files[] = {
        {"event.json", in->event},
        {"nodes.json", in->nodes},
        {"manifest.json", in->manifest},
        {"values.json", in->values},
        {"manifests.yaml", in->yaml},
        {"env.json", in->env},
        {"expressions", in->expressions},
        {"templates", in->templates},
        {"paths", in->paths},
        {"program.jq", in->program},
    };

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        write_file(folder, files[i].name, files[i].text);
}
