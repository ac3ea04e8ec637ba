package chart

import (
	"fmt"
	"os"
	"reflect"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"

	"sigs.k8s.io/yaml"
)

const folder = "../../helm/sluice"

// A choice is one value of what makes the chart branch: what it is called in a failure, and the values as JSON.
type choice struct{ name, values string }

const (
	gateway  = `{"mode": "gateway", "primary": {"address": "db1.example.com:3306"}}`
	example  = `{"mode": "sidecar"}`
	existing = `{"mode": "sidecar", "sidecar": {"example": false, "podSelector": {"app": "mysql", "role": "primary"}}}`
)

// Every value that changes a branch of a template stands in one of these; all combinations are rendered.
var choices = [][]choice{
	{{"gateway", gateway}, {"example", example}, {"existing", existing}},
	{{"", "{}"}, {"clients-tls", `{"tls": {"clients": {"mode": "required", "secretName": "clients-tls"}}}`}},
	{{"", "{}"}, {"ca", `{"tls": {"server": {"mode": "verify-identity", "caSecretName": "server-ca"}}}`}},
	{{"", "{}"},
		{"http-tls", `{"tls": {"http": {"secretName": "http-tls"}}, "metrics": {"serviceMonitor": {"tlsConfig": {"insecureSkipVerify": true}}}}`}},
	{{"", "{}"}, {"policy", `{"networkPolicy": {"enabled": true}}`},
		{"policy-of-peers", `{"networkPolicy": {"enabled": true, "mysqlFrom": [{"podSelector": {"matchLabels": {"app": "shop"}}}],
		  "httpFrom": [{"namespaceSelector": {}}], "extraIngress": [{"ports": [{"port": 9104}]}]}}`}},
	{{"", "{}"}, {"budget", `{"podDisruptionBudget": {"enabled": true}}`}},
	{{"", "{}"}, {"monitored", `{"metrics": {"serviceMonitor": {"enabled": true, "labels": {"release": "prometheus"}}}}`}},
	{{"", "{}"}, {"rules", `{"metrics": {"prometheusRule": {"enabled": true, "labels": {"release": "prometheus"}}}}`}},
	{{"", "{}"}, {"dashboard", `{"metrics": {"dashboard": {"enabled": true, "labels": {}}}}`}},
	{{"", "{}"}, {"decorated", `{
	  "image": {"repository": "registry.example.com/sluice", "tag": "test"}, "imagePullSecrets": [{"name": "pull"}],
	  "settings": {"max_connections": 1000000, "proxy_protocol_from": ["10.0.0.0/8"], "idle_timeout_seconds": 600,
	    "webhook_secret_file": "/extra/webhook/key", "hooks_path": "/extra/hooks", "backup_path": "/backups"},
	  "extraVolumes": [{"name": "webhook", "secret": {"secretName": "webhook", "defaultMode": 292}}, {"name": "hooks", "configMap": {"name": "hooks", "defaultMode": 365}},
	    {"name": "backups", "persistentVolumeClaim": {"claimName": "backups"}}],
	  "extraVolumeMounts": [{"name": "webhook", "mountPath": "/extra/webhook", "readOnly": true}, {"name": "hooks", "mountPath": "/extra/hooks", "readOnly": true},
	    {"name": "backups", "mountPath": "/backups"}],
	  "service": {"type": "LoadBalancer", "annotations": {"example.com/a": "b"}, "loadBalancerSourceRanges": ["10.0.0.0/8"]},
	  "sidecar": {"mysql": {"storageClassName": "fast"}}, "podAnnotations": {"example.com/p": "q"}, "podLabels": {"team": "db"},
	  "priorityClassName": "high", "nodeSelector": {"disk": "ssd"}, "tolerations": [{"operator": "Exists"}],
	  "affinity": {"nodeAffinity": {}}}`}},
}

// A combination is a rendered chart, with everything that checks need to know of it.
type combination struct {
	name     string
	values   Values
	texts    map[string]string
	objects  []Object
	workload Workload
	sluice   Container
}

func (c combination) has(choice string) bool {
	return strings.Contains("+"+c.name+"+", "+"+choice+"+")
}

func (c combination) named(kind, name string) (Object, bool) {
	for _, object := range c.objects {
		if object.Kind == kind && object.Metadata.Name == name {
			return object, true
		}
	}
	return Object{}, false
}

// findWorkload is what Sluice's pod belongs to; of the patch, what it is laid over.
func (c combination) findWorkload() (Workload, error) {
	var workload Workload
	if c.has("existing") {
		object, _ := c.named("ConfigMap", "r-sluice-patch")
		var patch Patch
		err := yaml.UnmarshalStrict([]byte(object.Data["patch.yaml"]), &patch)
		workload.Template = patch.Spec.Template
		workload.Template.Metadata.Labels = Labels{"app": "mysql", "role": "primary"}
		return workload, err
	}
	kind := map[bool]string{true: "Deployment", false: "StatefulSet"}[c.has("gateway")]
	object, found := c.named(kind, "r-sluice")
	if !found {
		return workload, fmt.Errorf("there is no %s", kind)
	}
	return workload, object.As(&workload)
}

// findSluice is its container: a sidecar is among the init containers.
func (c combination) findSluice(pod Pod) (Container, error) {
	among := pod.Spec.InitContainers
	if c.has("gateway") {
		among = pod.Spec.Containers
	}
	for _, container := range among {
		if container.Name == "sluice" {
			return container, nil
		}
	}
	return Container{}, fmt.Errorf("there is no container sluice where it belongs")
}

func everyCombination(t *testing.T, check func(t *testing.T, c combination)) {
	chart, err := Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	work := make(chan []choice)
	var workers sync.WaitGroup
	for i := 0; i < runtime.NumCPU(); i++ {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for chosen := range work {
				checkOne(t, chart, chosen, check)
			}
		}()
	}
	combine(choices, nil, func(chosen []choice) { work <- chosen })
	close(work)
	workers.Wait()
}

func combine(rest [][]choice, chosen []choice, use func([]choice)) {
	if len(rest) == 0 {
		use(append([]choice(nil), chosen...))
		return
	}
	for _, one := range rest[0] {
		combine(rest[1:], append(chosen, one), use)
	}
}

func checkOne(t *testing.T, chart *Chart, chosen []choice, check func(t *testing.T, c combination)) {
	var c combination
	var names, given []string
	for _, one := range chosen {
		given = append(given, one.values)
		if one.name != "" {
			names = append(names, one.name)
		}
	}
	c.name = strings.Join(names, "+")
	var err error
	if c.values, err = chart.With(given...); err != nil {
		t.Error(c.name, err)
		return
	}
	if problems := refused(c.values); len(problems) > 0 {
		t.Error(c.name, problems)
		return
	}
	if c.texts, err = chart.Render(Release{"r", "v1.29.0"}, c.values); err == nil {
		c.objects, err = Parse(c.texts)
	}
	if err == nil {
		c.workload, err = c.findWorkload()
	}
	if err == nil {
		c.sluice, err = c.findSluice(c.workload.Template)
	}
	if err != nil {
		t.Error(c.name, err)
		return
	}
	check(t, c)
}

func TestEveryCombinationIsWhole(t *testing.T) {
	rendered := 0
	var counting sync.Mutex
	everyCombination(t, func(t *testing.T, c combination) {
		counting.Lock()
		rendered++
		counting.Unlock()
		for what, check := range map[string]func(combination) error{
			"objects":          hasTheObjectsThatWereAskedFor,
			"metadata":         isNamedAndLabelled,
			"services":         servicesLeadToSluice,
			"container":        containerIsConfined,
			"probes":           probesMeetTheAPI,
			"volumes":          volumesAreThere,
			"references":       referencesExist,
			"configuration":    configurationFitsTheMounts,
			"end":              endsInTime,
			"selectors":        selectorsFindThePod,
			"metrics":          shipsTheMetricsFiles,
			"sidecar's server": serverIsReachedThroughSluiceOnly,
		} {
			if err := check(c); err != nil {
				t.Errorf("%s: %s: %v", c.name, what, err)
			}
		}
	})
	if want := 3 * 2 * 2 * 2 * 3 * 2 * 2 * 2 * 2 * 2; rendered != want {
		t.Errorf("%d combinations were rendered, not %d", rendered, want)
	}
}

func hasTheObjectsThatWereAskedFor(c combination) error {
	want := map[string]bool{"ConfigMap r-sluice": true, "Service r-sluice": true, "Service r-sluice-http": true}
	for choice, objects := range map[string][]string{
		"gateway":         {"Deployment r-sluice"},
		"example":         {"StatefulSet r-sluice", "ConfigMap r-sluice-mysql-init"},
		"existing":        {"ConfigMap r-sluice-patch"},
		"policy":          {"NetworkPolicy r-sluice"},
		"policy-of-peers": {"NetworkPolicy r-sluice"},
		"budget":          {"PodDisruptionBudget r-sluice"},
		"monitored":       {"ServiceMonitor r-sluice"},
		"rules":           {"PrometheusRule r-sluice"},
		"dashboard":       {"ConfigMap r-sluice-dashboard"},
	} {
		for _, object := range objects {
			if c.has(choice) {
				want[object] = true
			}
		}
	}
	got := map[string]bool{}
	for _, object := range c.objects {
		name := object.Kind + " " + object.Metadata.Name
		if got[name] {
			return fmt.Errorf("%s is there twice", name)
		}
		got[name] = true
	}
	if !reflect.DeepEqual(got, want) {
		return fmt.Errorf("there is %v, not %v", got, want)
	}
	return nil
}

var (
	apis = map[string]string{"ConfigMap": "v1", "Service": "v1", "Deployment": "apps/v1", "StatefulSet": "apps/v1",
		"NetworkPolicy": "networking.k8s.io/v1", "PodDisruptionBudget": "policy/v1",
		"ServiceMonitor": "monitoring.coreos.com/v1", "PrometheusRule": "monitoring.coreos.com/v1"}
	dnsName    = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)
	labelValue = regexp.MustCompile(`^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$`)
)

func isNamedAndLabelled(c combination) error {
	for _, object := range c.objects {
		if object.APIVersion != apis[object.Kind] {
			return fmt.Errorf("%s is of %s", object.Kind, object.APIVersion)
		}
		if !dnsName.MatchString(object.Metadata.Name) {
			return fmt.Errorf("%s is named %s", object.Kind, object.Metadata.Name)
		}
		for _, name := range []string{"helm.sh/chart", "app.kubernetes.io/name", "app.kubernetes.io/instance",
			"app.kubernetes.io/version", "app.kubernetes.io/managed-by"} {
			value, found := object.Metadata.Labels[name]
			if !found || !labelValue.MatchString(value) {
				return fmt.Errorf("%s %s has the label %s: %q", object.Kind, object.Metadata.Name, name, value)
			}
		}
	}
	return nil
}

func refused(values Values) []string {
	problems, err := schemaProblems(values)
	if err != nil {
		return []string{err.Error()}
	}
	return problems
}

func TestNotesTellHowToGoOn(t *testing.T) {
	chart, err := Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	for mode, wanted := range map[string]string{
		gateway: "r-sluice.shop.svc:3306", example: "--from-literal=root-password=…", existing: "get configmap r-sluice-patch",
	} {
		values, err := chart.With(mode)
		if err != nil {
			t.Fatal(err)
		}
		texts, err := chart.Render(Release{"r", "v1.29.0"}, values)
		if err != nil {
			t.Fatal(err)
		}
		notes := texts["NOTES.txt"]
		if !strings.Contains(notes, wanted) || !strings.Contains(notes, "create secret generic sluice --from-literal=password=…") {
			t.Errorf("the notes don't say %q:\n%s", wanted, notes)
		}
	}
}

func TestNamesFollowTheReleaseAndStayShort(t *testing.T) {
	chart, err := Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("long-", 10) + "abc"
	for _, name := range []struct{ release, values, want string }{
		{"shop", "{}", "shop-sluice"},
		{"sluice", "{}", "sluice"},
		{"the-sluice-of-shop", "{}", "the-sluice-of-shop"},
		{"shop", `{"nameOverride": "gate"}`, "shop-gate"},
		{"shop", `{"fullnameOverride": "mysql"}`, "mysql"},
		{long, "{}", "long-long-long-long-long-long-long-long-long-long"},
	} {
		values, err := chart.With(gateway, name.values)
		if err != nil {
			t.Fatal(err)
		}
		texts, err := chart.Render(Release{name.release, "v1.29.0"}, values)
		if err != nil {
			t.Fatal(err)
		}
		objects, err := Parse(texts)
		if err != nil {
			t.Fatal(err)
		}
		for _, object := range objects {
			got := strings.TrimSuffix(object.Metadata.Name, "-http")
			if got != name.want || !dnsName.MatchString(object.Metadata.Name) {
				t.Errorf("%s of release %s is named %s, not %s", object.Kind, name.release, object.Metadata.Name, name.want)
			}
		}
	}
}

func TestWhatCanNotWorkIsRefusedWithTheReason(t *testing.T) {
	chart, err := Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, refusal := range []struct{ kube, values, want string }{
		{"v1.29.0", `{}`, "primary.address: HOST:PORT of the primary"},
		{"v1.29.0", `{"mode": "sidecar", "sidecar": {"example": false}}`, "sidecar.podSelector: the labels of the pod"},
		{"v1.28.9", example, "mode: sidecar needs Kubernetes 1.29 or newer"},
	} {
		values, err := chart.With(refusal.values)
		if err != nil {
			t.Fatal(err)
		}
		_, err = chart.Render(Release{"r", refusal.kube}, values)
		if err == nil || !strings.Contains(err.Error(), refusal.want) {
			t.Errorf("%s: %v, not %q", refusal.values, err, refusal.want)
		}
	}
	values, err := chart.With(gateway)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := chart.Render(Release{"r", "v1.28.9-gke.1"}, values); err != nil {
		t.Errorf("a gateway needs no newer cluster: %v", err)
	}
}

func readFile(t *testing.T, path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
