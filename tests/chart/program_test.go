package chart

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// binary is $SLUICE_BINARY: the program of this build.
func binary(t *testing.T) string {
	path := os.Getenv("SLUICE_BINARY")
	if path == "" {
		t.Fatal("SLUICE_BINARY names no program; ctest does, or give build/release/sluice")
	}
	return path
}

func absolute(path string) string {
	if absolute, err := filepath.Abs(path); err == nil {
		return absolute
	}
	return path
}

func freePort(t *testing.T) int {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

// write puts a file of a volume where the container would have it, below `root`.
func write(t *testing.T, root, path, text string) {
	path = filepath.Join(root, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func makeCertificate(t *testing.T, root, folder string) {
	write(t, root, folder+"/x", "")
	path := filepath.Join(root, folder)
	made, err := exec.Command("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
		"-days", "1", "-subj", "/CN=sluice", "-keyout", path+"/tls.key", "-out", path+"/tls.crt").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, made)
	}
}

// status waits for an answer.
func status(t *testing.T, client *http.Client, request *http.Request) int {
	deadline := time.Now().Add(20 * time.Second)
	for {
		answer, err := client.Do(request)
		if err == nil {
			answer.Body.Close()
			return answer.StatusCode
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// The program takes the file that the chart writes for it, and its probes are answered as the kubelet asks, while the
// primary is still on its way.
func TestTheProgramTakesTheConfiguration(t *testing.T) {
	chart, err := Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, chosen := range []choice{
		{"http", `{"settings": {"max_connections": 1000, "proxy_protocol_from": ["10.0.0.0/8"], "proxy_protocol_to_primary": "off"}}`},
		{"http", `{"settings": {"webhook_secret_file": "/etc/sluice/extra/key", "hooks_path": "/etc/sluice/extra", "backup_path": "/etc/sluice/extra"}}`},
		{"https", `{"tls": {"clients": {"mode": "required", "secretName": "c"}, "http": {"secretName": "h"}}}`},
	} {
		t.Run(chosen.name, func(t *testing.T) {
			primary, api := freePort(t), freePort(t)
			address := fmt.Sprintf(`{"primary": {"address": "127.0.0.1:%d"}}`, primary)
			object, _ := rendered(t, chart, gateway, address, chosen.values).named("ConfigMap", "r-sluice")
			root := t.TempDir()
			config := strings.NewReplacer("/etc/sluice", root, "0.0.0.0:3307", fmt.Sprintf("127.0.0.1:%d", freePort(t)), "0.0.0.0:8080",
				fmt.Sprintf("127.0.0.1:%d", api)).Replace(object.Data["sluice.yaml"])
			write(t, root, "config/sluice.yaml", config)
			write(t, root, "secret/password", "secret\n")
			write(t, root, "secret/token", "token\n")
			write(t, root, "extra/key", "key\n")
			makeCertificate(t, root, "clients-tls")
			makeCertificate(t, root, "http-tls")

			var log bytes.Buffer
			ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
			defer cancel()
			program := exec.CommandContext(ctx, binary(t), "serve", "--config", filepath.Join(root, "config/sluice.yaml"))
			program.Stdout, program.Stderr = &log, &log
			if err := program.Start(); err != nil {
				t.Fatal(err)
			}
			client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, Timeout: 5 * time.Second}
			for path, want := range map[string]int{"/healthz": 200, "/readyz": 503, "/metrics": 401} {
				request, err := http.NewRequest("GET", fmt.Sprintf("%s://127.0.0.1:%d%s", chosen.name, api, path), nil)
				if err != nil {
					t.Fatal(err)
				}
				request.Host = "10.1.2.3:8080" // the pod's address
				if got := status(t, client, request); got != want {
					t.Errorf("%s is answered with %d, not %d", path, got, want)
				}
			}
			if err := program.Process.Signal(syscall.SIGTERM); err != nil {
				t.Error(err)
			}
			if err := program.Wait(); err != nil {
				t.Errorf("it ended with %v:\n%s", err, log.String())
			}
			if !strings.Contains(log.String(), "primary.waiting") {
				t.Errorf("it did not wait for the primary:\n%s", log.String())
			}
		})
	}
}

func rendered(t *testing.T, chart *Chart, values ...string) combination {
	t.Helper()
	all, err := chart.With(values...)
	if err != nil {
		t.Fatal(err)
	}
	texts, err := chart.Render(Release{"r", "v1.29.0"}, all)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := Parse(texts)
	if err != nil {
		t.Fatal(err)
	}
	return combination{objects: objects}
}

// The account that the example makes has the name and the password that are in the values and the Secret, whatever is in them.
func TestTheExampleMakesTheAccount(t *testing.T) {
	chart, err := Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	object, _ := rendered(t, chart, example).named("ConfigMap", "r-sluice-mysql-init")
	script := exec.Command("bash", "-euc", "docker_process_sql() { cat; }\n"+object.Data["sluice-account.sh"])
	script.Env = append(os.Environ(), "SLUICE_USER=sluice", `SLUICE_PASSWORD=a'b\c$d"e`, "MYSQL_DATABASE=my_app")
	got, err := script.Output()
	if err != nil {
		t.Fatal(err)
	}
	want := `CREATE USER 'sluice' IDENTIFIED BY 'a''b\\c$d"e';
GRANT ALL ON ` + "`my\\_app`" + `.* TO 'sluice';
GRANT ALL ON ` + "`\\_sluice`" + `.* TO 'sluice';
GRANT REPLICATION SLAVE, REPLICATION CLIENT, PROCESS, CONNECTION_ADMIN, XA_RECOVER_ADMIN ON *.* TO 'sluice';
`
	if string(got) != want {
		t.Errorf("it says\n%s\nnot\n%s", got, want)
	}
}
