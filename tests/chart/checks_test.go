package chart

import (
	"fmt"
	"os"
	"path"
	"reflect"
	"strings"

	"sigs.k8s.io/yaml"
)

// What every rendered chart must be; see TestEveryCombinationIsWhole.

func selects(selector, labels Labels) bool {
	for name, value := range selector {
		if labels[name] != value {
			return false
		}
	}
	return len(selector) > 0
}

func hasPort(container Container, name string) bool {
	for _, port := range container.Ports {
		if port.Name == name {
			return true
		}
	}
	return false
}

func servicesLeadToSluice(c combination) error {
	workload, sluice := c.workload, c.sluice
	for name, port := range map[string]string{"r-sluice": "mysql", "r-sluice-http": "http"} {
		object, _ := c.named("Service", name)
		var service Service
		if err := object.As(&service); err != nil {
			return err
		}
		if !selects(service.Selector, workload.Template.Metadata.Labels) {
			return fmt.Errorf("%s selects %v, not the pod", name, service.Selector)
		}
		if len(service.Ports) != 1 || service.Ports[0].Name != port || !hasPort(sluice, service.Ports[0].TargetPort) {
			return fmt.Errorf("%s has the ports %v", name, service.Ports)
		}
		isAPI := port == "http"
		if isAPI != service.PublishNotReadyAddresses {
			return fmt.Errorf("%s: publishNotReadyAddresses is %v", name, service.PublishNotReadyAddresses)
		}
		if isAPI && service.Type != "ClusterIP" {
			return fmt.Errorf("the API leaves the cluster by a %s", service.Type)
		}
	}
	return nil
}

func isConfined(container Container) error {
	with := container.SecurityContext
	switch {
	case with == nil:
		return fmt.Errorf("%s has no security context", container.Name)
	case with.RunAsNonRoot == nil || !*with.RunAsNonRoot || with.RunAsUser == nil || *with.RunAsUser == 0:
		return fmt.Errorf("%s may be root", container.Name)
	case with.ReadOnlyRootFilesystem == nil || !*with.ReadOnlyRootFilesystem:
		return fmt.Errorf("%s may write to its image", container.Name)
	case with.AllowPrivilegeEscalation == nil || *with.AllowPrivilegeEscalation:
		return fmt.Errorf("%s may become more", container.Name)
	case with.Capabilities == nil || !reflect.DeepEqual(with.Capabilities.Drop, []string{"ALL"}):
		return fmt.Errorf("%s keeps capabilities", container.Name)
	case with.SeccompProfile == nil || with.SeccompProfile.Type != "RuntimeDefault":
		return fmt.Errorf("%s may call anything", container.Name)
	case container.Resources["requests"]["memory"] == "" || container.Resources["limits"]["memory"] == "":
		return fmt.Errorf("%s has the resources %v", container.Name, container.Resources)
	}
	return nil
}

func containerIsConfined(c combination) error {
	workload := c.workload
	spec := workload.Template.Spec
	for _, container := range append(spec.Containers, spec.InitContainers...) {
		if err := isConfined(container); err != nil {
			return err
		}
	}
	sluice := c.sluice
	image := map[bool]string{true: "registry.example.com/sluice:test", false: "sluice:0.1.0"}[c.has("decorated")]
	if sluice.Image != image {
		return fmt.Errorf("the image is %s", sluice.Image)
	}
	if isSidecar := !c.has("gateway"); isSidecar != (sluice.RestartPolicy == "Always") {
		return fmt.Errorf("its restartPolicy is %q", sluice.RestartPolicy)
	}
	if !c.has("existing") && (spec.AutomountServiceAccountToken == nil || *spec.AutomountServiceAccountToken) {
		return fmt.Errorf("the pod has a token of the cluster's API")
	}
	return nil
}

func probesMeetTheAPI(c combination) error {
	sluice := c.sluice
	scheme := map[bool]string{true: "HTTPS", false: "HTTP"}[c.has("http-tls")]
	for path, probes := range map[string][]*Probe{
		"/healthz": {sluice.StartupProbe, sluice.LivenessProbe}, // at its start the primary may still be on its way
		"/readyz":  {sluice.ReadinessProbe},
	} {
		for _, probe := range probes {
			if probe == nil || probe.HTTPGet == nil || probe.HTTPGet.Path != path || !hasPort(sluice, probe.HTTPGet.Port) ||
				probe.HTTPGet.Scheme != scheme {
				return fmt.Errorf("of %s: %+v", path, probe)
			}
		}
	}
	return nil
}

func volumesAreThere(c combination) error {
	workload := c.workload
	known, used := map[string]bool{}, map[string]bool{}
	for _, volume := range workload.Template.Spec.Volumes {
		if known[volume.Name] {
			return fmt.Errorf("the volume %s is there twice", volume.Name)
		}
		known[volume.Name] = true
	}
	for _, claim := range workload.VolumeClaimTemplates {
		known[claim.Metadata.Name] = true
	}
	spec := workload.Template.Spec
	for _, container := range append(spec.Containers, spec.InitContainers...) {
		for _, mount := range container.VolumeMounts {
			if container.Name == "sluice" && !mount.ReadOnly && mount.Name != "backups" {
				return fmt.Errorf("%s can be written to", mount.MountPath)
			}
			used[mount.Name] = true
		}
	}
	if !reflect.DeepEqual(known, used) {
		return fmt.Errorf("there are %v, mounted are %v", known, used)
	}
	return nil
}

func referencesExist(c combination) error {
	workload := c.workload
	secrets := map[string]bool{"sluice": true, "clients-tls": c.has("clients-tls"), "server-ca": c.has("ca"), "http-tls": c.has("http-tls"),
		"webhook": c.has("decorated")}
	for _, volume := range workload.Template.Spec.Volumes {
		if volume.ConfigMap != nil && volume.Name != "hooks" {
			if _, found := c.named("ConfigMap", volume.ConfigMap.Name); !found {
				return fmt.Errorf("there is no ConfigMap %s", volume.ConfigMap.Name)
			}
		}
		if volume.Secret == nil {
			continue
		}
		if !secrets[volume.Secret.SecretName] {
			return fmt.Errorf("nobody spoke of a secret %s", volume.Secret.SecretName)
		}
		if volume.Secret.DefaultMode != 0o444 {
			return fmt.Errorf("%s has the mode %o: Sluice's user can't read it in every pod", volume.Name, volume.Secret.DefaultMode)
		}
	}
	for _, container := range workload.Template.Spec.Containers {
		for _, variable := range container.Env {
			if from := variable.ValueFrom; from != nil && (from.SecretKeyRef == nil || !secrets[from.SecretKeyRef.Name]) {
				return fmt.Errorf("%s comes from %+v", variable.Name, from)
			}
		}
	}
	return nil
}

func configurationFitsTheMounts(c combination) error {
	sluice := c.sluice
	mounted := map[string]string{}
	for _, mount := range sluice.VolumeMounts {
		mounted[mount.MountPath] = mount.Name
	}
	if want := []string{"serve", "--config", "/etc/sluice/config/sluice.yaml"}; !reflect.DeepEqual(sluice.Args, want) {
		return fmt.Errorf("it is started with %v", sluice.Args)
	}
	object, _ := c.named("ConfigMap", "r-sluice")
	var config map[string]interface{}
	if err := yaml.UnmarshalStrict([]byte(object.Data["sluice.yaml"]), &config); err != nil {
		return err
	}
	for setting, folder := range map[string]string{"webhook_secret_file": "/extra/webhook", "hooks_path": "/extra/hooks", "backup_path": "/backups"} {
		if named := config[setting] != nil; named != c.has("decorated") || named != (mounted[folder] != "") {
			return fmt.Errorf("%s is %v, mounted are %v", setting, config[setting], mounted)
		}
	}
	for name, value := range config {
		text, isText := value.(string)
		if isText && strings.HasPrefix(text, "/etc/sluice/") && mounted[path.Dir(text)] == "" {
			return fmt.Errorf("%s is %s, which is not mounted", name, text)
		}
	}
	primary := map[bool]string{true: "db1.example.com:3306", false: "127.0.0.1:3306"}[c.has("gateway")]
	want := map[string]interface{}{
		"listen": []interface{}{"0.0.0.0:3307"}, "http": "0.0.0.0:8080", "primary": primary, "user": "sluice",
		"password_file": "/etc/sluice/secret/password", "token_file": "/etc/sluice/secret/token",
		"client_tls": "preferred", "server_tls": "as-client", "drain_timeout_seconds": 20.0, "log_format": "json",
	}
	for choice, more := range map[string]map[string]interface{}{
		"clients-tls": {"client_tls": "required", "certificate": "/etc/sluice/clients-tls/tls.crt", "key": "/etc/sluice/clients-tls/tls.key"},
		"ca":          {"server_tls": "verify-identity", "ca": "/etc/sluice/server-ca/ca.crt"},
		"http-tls":    {"http_certificate": "/etc/sluice/http-tls/tls.crt", "http_key": "/etc/sluice/http-tls/tls.key"},
		"decorated": {"max_connections": 1000000.0, "proxy_protocol_from": []interface{}{"10.0.0.0/8"}, "idle_timeout_seconds": 600.0,
			"webhook_secret_file": "/extra/webhook/key", "hooks_path": "/extra/hooks", "backup_path": "/backups"},
	} {
		for name, value := range more {
			if c.has(choice) {
				want[name] = value
			}
		}
	}
	if !reflect.DeepEqual(config, want) {
		return fmt.Errorf("it is %v, not %v", config, want)
	}
	return nil
}

func endsInTime(c combination) error {
	workload, sluice := c.workload, c.sluice
	if sluice.Lifecycle == nil || sluice.Lifecycle.PreStop == nil || sluice.Lifecycle.PreStop.Exec == nil {
		return fmt.Errorf("nothing happens before it stops")
	}
	command := sluice.Lifecycle.PreStop.Exec.Command
	want := []string{"/bin/sh", "-c", "sleep 5; kill -TERM 1; sleep 20"}
	if c.has("gateway") {
		want = []string{"sleep", "5"}
	}
	if !reflect.DeepEqual(command, want) {
		return fmt.Errorf("before it stops there is %v", command)
	}
	const atLeast = 5 + 20
	if grace := workload.Template.Spec.TerminationGracePeriodSeconds; !c.has("existing") && grace <= atLeast {
		return fmt.Errorf("it has %d s to end", grace)
	}
	return nil
}

func selectorsFindThePod(c combination) error {
	workload := c.workload
	labels := workload.Template.Metadata.Labels
	selectors := map[string]Labels{}
	if !c.has("existing") {
		selectors["the workload"] = workload.Selector.MatchLabels
		if workload.Replicas != 1 {
			return fmt.Errorf("there are %d of it", workload.Replicas)
		}
		if c.has("gateway") && workload.Strategy["type"] != "Recreate" {
			return fmt.Errorf("two may run at a time")
		}
	}
	if object, found := c.named("NetworkPolicy", "r-sluice"); found {
		var policy NetworkPolicy
		if err := object.As(&policy); err != nil {
			return err
		}
		selectors["the network policy"] = policy.PodSelector.MatchLabels
		for i, ingress := range policy.Ingress[:2] {
			port, _ := ingress.Ports[0].Port.(string)
			if !hasPort(c.sluice, port) || len(ingress.From) != 1 {
				return fmt.Errorf("the network policy's rule %d is %+v", i, ingress)
			}
		}
		if extra := len(policy.Ingress) - 2; (extra == 1) != c.has("policy-of-peers") {
			return fmt.Errorf("the network policy has %d more rules", extra)
		}
	}
	if object, found := c.named("PodDisruptionBudget", "r-sluice"); found {
		var budget DisruptionBudget
		if err := object.As(&budget); err != nil {
			return err
		}
		selectors["the disruption budget"] = budget.Selector.MatchLabels
		if budget.MaxUnavailable == nil || *budget.MaxUnavailable != 0 {
			return fmt.Errorf("the disruption budget has no maxUnavailable")
		}
	}
	for of, selector := range selectors {
		if !selects(selector, labels) {
			return fmt.Errorf("%s selects %v, and the pod has %v", of, selector, labels)
		}
	}
	return nil
}

func shipsTheMetricsFiles(c combination) error {
	if object, found := c.named("ServiceMonitor", "r-sluice"); found {
		var monitor ServiceMonitor
		if err := object.As(&monitor); err != nil {
			return err
		}
		api, _ := c.named("Service", "r-sluice-http")
		clients, _ := c.named("Service", "r-sluice")
		if !selects(monitor.Selector.MatchLabels, api.Metadata.Labels) || selects(monitor.Selector.MatchLabels, clients.Metadata.Labels) {
			return fmt.Errorf("it monitors %v", monitor.Selector)
		}
		at := monitor.Endpoints[0]
		scheme := map[bool]string{true: "https", false: "http"}[c.has("http-tls")]
		if at.Port != "http" || at.Path != "/metrics" || at.Scheme != scheme || at.Authorization.Credentials != (KeyRef{"sluice", "token"}) ||
			(at.TLSConfig != nil) != c.has("http-tls") || object.Metadata.Labels["release"] != "prometheus" {
			return fmt.Errorf("it monitors %+v", at)
		}
	}
	if object, found := c.named("PrometheusRule", "r-sluice"); found {
		var rules map[string]interface{}
		text, err := os.ReadFile("../../metrics/alerts.yaml")
		if err == nil {
			err = yaml.Unmarshal(text, &rules)
		}
		if err != nil {
			return err
		}
		if !reflect.DeepEqual(object.Spec, rules) {
			return fmt.Errorf("the rules are not those of metrics/alerts.yaml")
		}
	}
	if object, found := c.named("ConfigMap", "r-sluice-dashboard"); found {
		text, err := os.ReadFile("../../metrics/dashboard.json")
		if err != nil {
			return err
		}
		if strings.TrimSpace(object.Data["sluice.json"]) != strings.TrimSpace(string(text)) {
			return fmt.Errorf("the dashboard is not metrics/dashboard.json")
		}
		if object.Metadata.Labels["grafana_dashboard"] != "1" {
			return fmt.Errorf("Grafana does not find the dashboard by %v", object.Metadata.Labels)
		}
	}
	return nil
}

func serverIsReachedThroughSluiceOnly(c combination) error {
	if !c.has("example") {
		return nil
	}
	workload := c.workload
	if len(workload.Template.Spec.Containers) != 1 {
		return fmt.Errorf("there are %d containers beside Sluice", len(workload.Template.Spec.Containers))
	}
	server := workload.Template.Spec.Containers[0]
	if server.Args[0] != "--bind-address=127.0.0.1" || len(server.Ports) != 0 {
		return fmt.Errorf("it can be reached: %v %v", server.Args, server.Ports)
	}
	if server.Lifecycle == nil || !strings.Contains(strings.Join(server.Lifecycle.PreStop.Exec.Command, " "), "/dev/tcp/127.0.0.1/8080") {
		return fmt.Errorf("it does not wait until Sluice has ended")
	}
	return nil
}
