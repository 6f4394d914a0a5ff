package access

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
)

// Guard decides about requests by a list of rules, and remembers which of them were sent.
type Guard struct {
	// Rules are what is granted.
	Rules []Rule
	// RegistrationsNamespace is where rules of RegistrationsScope hold.
	RegistrationsNamespace string
	// Refused is called with each request that the rules do not grant, beside the error that the caller gets.
	Refused func(request string)

	mu   sync.Mutex
	sent map[string]bool
}

// Cached restricts a client that answers reads from a watch cache, except those of Secrets and ConfigMaps.
func (g *Guard) Cached(c client.WithWatch) client.WithWatch { return g.restrict(c, true) }

// Direct restricts a client that sends every read to the API server.
func (g *Guard) Direct(c client.WithWatch) client.WithWatch { return g.restrict(c, false) }

// Unused lists the granted requests that were not sent, as "SCOPE: VERB GROUP/RESOURCE", in alphabetical order.
func (g *Guard) Unused() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var unused []string
	for _, rule := range g.Rules {
		for _, verb := range rule.Verbs {
			if request := name(rule.Scope, verb, rule.APIGroup, rule.Resource); !g.sent[request] {
				unused = append(unused, request)
			}
		}
	}
	slices.Sort(unused)
	return unused
}

func name(scope Scope, verb, group, resource string) string {
	return fmt.Sprintf("%s: %s %s/%s", scope, verb, group, resource)
}

// check is an error where the rules do not grant one of the verbs. sub is a subresource; empty: the resource itself.
func (g *Guard) check(c client.Client, obj runtime.Object, sub, namespace, object string, verbs ...string) error {
	kind, err := c.GroupVersionKindFor(obj)
	if err != nil {
		return err
	}
	kind.Kind = strings.TrimSuffix(kind.Kind, "List")
	plural, _ := meta.UnsafeGuessKindToResource(kind)
	resource := plural.GroupResource()
	if sub != "" {
		resource.Resource += "/" + sub
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.sent == nil {
		g.sent = map[string]bool{}
	}
	for _, verb := range verbs {
		granted := g.granting(verb, resource, namespace)
		if granted == "" {
			request := fmt.Sprintf("%s %s in namespace %q", verb, resource, namespace)
			if g.Refused != nil {
				g.Refused(request)
			}
			return apierrors.NewForbidden(
				resource,
				object,
				fmt.Errorf("rules.json does not grant %s", request),
			)
		}
		g.sent[granted] = true
	}
	return nil
}

// granting names the grant that allows a request, empty where there is none.
func (g *Guard) granting(verb string, resource schema.GroupResource, namespace string) string {
	for _, rule := range g.Rules {
		if rule.APIGroup != resource.Group || rule.Resource != resource.Resource || !slices.Contains(rule.Verbs, verb) {
			continue
		}
		if rule.Scope == ClusterScope || namespace == g.RegistrationsNamespace {
			return name(rule.Scope, verb, rule.APIGroup, rule.Resource)
		}
	}
	return ""
}

func (g *Guard) restrict(c client.WithWatch, cached bool) client.WithWatch {
	read := func(obj runtime.Object, verb string) []string {
		switch obj.(type) {
		case *corev1.Secret, *corev1.SecretList, *corev1.ConfigMap, *corev1.ConfigMapList:
			return []string{verb}
		}
		if cached {
			return []string{"list", "watch"}
		}
		return []string{verb}
	}
	writeTo := func(c client.Client, obj client.Object, sub, verb string) error {
		return g.check(c, obj, sub, obj.GetNamespace(), obj.GetName(), verb)
	}
	write := func(c client.Client, obj client.Object, verb string) error { return writeTo(c, obj, "", verb) }
	return interceptor.NewClient(c, interceptor.Funcs{
		Get: func(
			ctx context.Context, c client.WithWatch, key client.ObjectKey, obj client.Object, opts ...client.GetOption,
		) error {
			if err := g.check(c, obj, "", key.Namespace, key.Name, read(obj, "get")...); err != nil {
				return err
			}
			return c.Get(ctx, key, obj, opts...)
		},
		List: func(
			ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption,
		) error {
			var set client.ListOptions
			set.ApplyOptions(opts)
			if err := g.check(c, list, "", set.Namespace, "", read(list, "list")...); err != nil {
				return err
			}
			return c.List(ctx, list, opts...)
		},
		Create: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.CreateOption) error {
			if err := write(c, obj, "create"); err != nil {
				return err
			}
			return c.Create(ctx, obj, opts...)
		},
		Update: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.UpdateOption) error {
			if err := write(c, obj, "update"); err != nil {
				return err
			}
			return c.Update(ctx, obj, opts...)
		},
		Patch: func(
			ctx context.Context, c client.WithWatch, obj client.Object, patch client.Patch, opts ...client.PatchOption,
		) error {
			if err := write(c, obj, "patch"); err != nil {
				return err
			}
			return c.Patch(ctx, obj, patch, opts...)
		},
		Delete: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.DeleteOption) error {
			if err := write(c, obj, "delete"); err != nil {
				return err
			}
			return c.Delete(ctx, obj, opts...)
		},
		DeleteAllOf: func(
			ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.DeleteAllOfOption,
		) error {
			if err := write(c, obj, "deletecollection"); err != nil {
				return err
			}
			return c.DeleteAllOf(ctx, obj, opts...)
		},
		SubResourceUpdate: func(
			ctx context.Context, c client.Client, sub string, obj client.Object, opts ...client.SubResourceUpdateOption,
		) error {
			if err := writeTo(c, obj, sub, "update"); err != nil {
				return err
			}
			return c.SubResource(sub).Update(ctx, obj, opts...)
		},
		SubResourcePatch: func(
			ctx context.Context, c client.Client, sub string, obj client.Object, patch client.Patch,
			opts ...client.SubResourcePatchOption,
		) error {
			if err := writeTo(c, obj, sub, "patch"); err != nil {
				return err
			}
			return c.SubResource(sub).Patch(ctx, obj, patch, opts...)
		},
	})
}
