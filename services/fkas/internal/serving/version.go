package serving

import (
	"context"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/version"
	inmemoryclient "sigs.k8s.io/cluster-api/test/infrastructure/inmemory/pkg/runtime/client"
)

// version is the answer to GET /version: the version of the cluster's oldest Node, not that of this API.
func (s *Server) version(c *cluster) version.Info {
	info := version.Info{
		Major:      "1",
		Minor:      "0",
		GitVersion: "v0.0.0",
		Platform:   "linux/amd64",
		GoVersion:  "fake",
		Compiler:   "gc",
	}
	if v := oldestNodeVersion(s.client(c)); v != "" {
		info.GitVersion = v
		if parts := strings.SplitN(strings.TrimPrefix(v, "v"), ".", 3); len(parts) == 3 {
			info.Major, info.Minor = parts[0], parts[1]
		}
	}
	return info
}

// oldestNodeVersion is the version of the kubelet that registered first, and empty where there is no Node.
func oldestNodeVersion(c inmemoryclient.Client) string {
	var nodes corev1.NodeList
	if err := c.List(context.Background(), &nodes); err != nil {
		return ""
	}
	var oldest *corev1.Node
	for i := range nodes.Items {
		if n := &nodes.Items[i]; oldest == nil || n.CreationTimestamp.Before(&oldest.CreationTimestamp) {
			oldest = n
		}
	}
	if oldest == nil {
		return ""
	}
	return oldest.Status.NodeInfo.KubeletVersion
}
