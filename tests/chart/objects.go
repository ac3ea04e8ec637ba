package chart

import (
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"
)

// The fields of Kubernetes' objects that the chart uses, spelled as its API spells them: decoding is strict, so that a
// field that is misspelt or stands in the wrong place is an error.

type Labels map[string]string

type Meta struct {
	Name        string `json:"name"`
	Labels      Labels `json:"labels"`
	Annotations Labels `json:"annotations"`
}

type Selector struct {
	MatchLabels Labels `json:"matchLabels"`
}

type Port struct {
	Name          string `json:"name"`
	ContainerPort int    `json:"containerPort"`
	Protocol      string `json:"protocol"`
}

type Exec struct {
	Command []string `json:"command"`
}

type Probe struct {
	HTTPGet *struct {
		Path   string `json:"path"`
		Port   string `json:"port"`
		Scheme string `json:"scheme"`
	} `json:"httpGet"`
	Exec             *Exec `json:"exec"`
	PeriodSeconds    int   `json:"periodSeconds"`
	TimeoutSeconds   int   `json:"timeoutSeconds"`
	FailureThreshold int   `json:"failureThreshold"`
}

type SecurityContext struct {
	RunAsNonRoot             *bool `json:"runAsNonRoot"`
	RunAsUser                *int  `json:"runAsUser"`
	RunAsGroup               *int  `json:"runAsGroup"`
	ReadOnlyRootFilesystem   *bool `json:"readOnlyRootFilesystem"`
	AllowPrivilegeEscalation *bool `json:"allowPrivilegeEscalation"`
	Capabilities             *struct {
		Drop []string `json:"drop"`
	} `json:"capabilities"`
	SeccompProfile *struct {
		Type string `json:"type"`
	} `json:"seccompProfile"`
}

type KeyRef struct {
	Name string `json:"name"`
	Key  string `json:"key"`
}

type Container struct {
	Name            string   `json:"name"`
	Image           string   `json:"image"`
	ImagePullPolicy string   `json:"imagePullPolicy"`
	RestartPolicy   string   `json:"restartPolicy"`
	Args            []string `json:"args"`
	Env             []struct {
		Name      string `json:"name"`
		Value     string `json:"value"`
		ValueFrom *struct {
			SecretKeyRef *KeyRef `json:"secretKeyRef"`
		} `json:"valueFrom"`
	} `json:"env"`
	Ports          []Port `json:"ports"`
	StartupProbe   *Probe `json:"startupProbe"`
	LivenessProbe  *Probe `json:"livenessProbe"`
	ReadinessProbe *Probe `json:"readinessProbe"`
	Lifecycle      *struct {
		PreStop *struct {
			Exec *Exec `json:"exec"`
		} `json:"preStop"`
	} `json:"lifecycle"`
	Resources       map[string]Labels `json:"resources"`
	SecurityContext *SecurityContext  `json:"securityContext"`
	VolumeMounts    []struct {
		Name      string `json:"name"`
		MountPath string `json:"mountPath"`
		ReadOnly  bool   `json:"readOnly"`
	} `json:"volumeMounts"`
}

type Volume struct {
	Name      string    `json:"name"`
	EmptyDir  *struct{} `json:"emptyDir"`
	ConfigMap *struct {
		Name        string `json:"name"`
		DefaultMode int    `json:"defaultMode"`
	} `json:"configMap"`
	PersistentVolumeClaim *struct {
		ClaimName string `json:"claimName"`
	} `json:"persistentVolumeClaim"`
	Secret *struct {
		SecretName  string `json:"secretName"`
		DefaultMode int    `json:"defaultMode"`
		Items       []struct {
			Key  string `json:"key"`
			Path string `json:"path"`
		} `json:"items"`
	} `json:"secret"`
}

type PodSpec struct {
	AutomountServiceAccountToken  *bool                  `json:"automountServiceAccountToken"`
	TerminationGracePeriodSeconds int                    `json:"terminationGracePeriodSeconds"`
	SecurityContext               map[string]interface{} `json:"securityContext"`
	ImagePullSecrets              []struct {
		Name string `json:"name"`
	} `json:"imagePullSecrets"`
	PriorityClassName string                   `json:"priorityClassName"`
	NodeSelector      Labels                   `json:"nodeSelector"`
	Tolerations       []map[string]interface{} `json:"tolerations"`
	Affinity          map[string]interface{}   `json:"affinity"`
	InitContainers    []Container              `json:"initContainers"`
	Containers        []Container              `json:"containers"`
	Volumes           []Volume                 `json:"volumes"`
}

type Pod struct {
	Metadata Meta    `json:"metadata"`
	Spec     PodSpec `json:"spec"`
}

type Workload struct {
	Replicas             int               `json:"replicas"`
	Strategy             map[string]string `json:"strategy"`
	ServiceName          string            `json:"serviceName"`
	Selector             Selector          `json:"selector"`
	Template             Pod               `json:"template"`
	VolumeClaimTemplates []struct {
		Metadata Meta `json:"metadata"`
		Spec     struct {
			AccessModes      []string          `json:"accessModes"`
			StorageClassName string            `json:"storageClassName"`
			Resources        map[string]Labels `json:"resources"`
		} `json:"spec"`
	} `json:"volumeClaimTemplates"`
}

// Patch is what is laid over a StatefulSet that is there already.
type Patch struct {
	Spec struct {
		Template Pod `json:"template"`
	} `json:"spec"`
}

type Service struct {
	Type                     string   `json:"type"`
	LoadBalancerSourceRanges []string `json:"loadBalancerSourceRanges"`
	PublishNotReadyAddresses bool     `json:"publishNotReadyAddresses"`
	Selector                 Labels   `json:"selector"`
	Ports                    []struct {
		Name       string `json:"name"`
		Port       int    `json:"port"`
		TargetPort string `json:"targetPort"`
		Protocol   string `json:"protocol"`
	} `json:"ports"`
}

type NetworkPolicy struct {
	PodSelector Selector `json:"podSelector"`
	PolicyTypes []string `json:"policyTypes"`
	Ingress     []struct {
		From  []map[string]interface{} `json:"from"`
		Ports []struct {
			Port     interface{} `json:"port"`
			Protocol string      `json:"protocol"`
		} `json:"ports"`
	} `json:"ingress"`
}

type DisruptionBudget struct {
	MaxUnavailable *int     `json:"maxUnavailable"`
	Selector       Selector `json:"selector"`
}

type ServiceMonitor struct {
	Selector  Selector `json:"selector"`
	Endpoints []struct {
		Port          string `json:"port"`
		Path          string `json:"path"`
		Interval      string `json:"interval"`
		Scheme        string `json:"scheme"`
		Authorization struct {
			Credentials KeyRef `json:"credentials"`
		} `json:"authorization"`
		TLSConfig map[string]interface{} `json:"tlsConfig"`
	} `json:"endpoints"`
}

// Object is any of them. Spec is decoded by As.
type Object struct {
	APIVersion string                 `json:"apiVersion"`
	Kind       string                 `json:"kind"`
	Metadata   Meta                   `json:"metadata"`
	Spec       map[string]interface{} `json:"spec"`
	Data       Labels                 `json:"data"`
}

// As decodes the object's spec strictly into one of the types above.
func (o Object) As(spec interface{}) error {
	text, err := yaml.Marshal(o.Spec)
	if err == nil {
		err = yaml.UnmarshalStrict(text, spec)
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", o.Kind, o.Metadata.Name, err)
	}
	return nil
}

// Parse reads what the chart rendered, except the notes.
func Parse(texts map[string]string) ([]Object, error) {
	var objects []Object
	for name, text := range texts {
		if name == "NOTES.txt" {
			continue
		}
		for _, document := range strings.Split("\n"+text, "\n---\n") {
			var object Object
			if err := yaml.UnmarshalStrict([]byte(document), &object); err != nil {
				return nil, fmt.Errorf("%s: %w\n%s", name, err, document)
			}
			if object.Kind != "" {
				objects = append(objects, object)
			}
		}
	}
	return objects, nil
}
