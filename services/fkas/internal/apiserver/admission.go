package apiserver

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/admission"

	"metal3-scale-lab/fkas/internal/store"
)

// namespaceLifecycle does what Kubernetes' admission plugin of that name does. The plugin itself keeps a cache of the
// namespaces of one cluster.
type namespaceLifecycle struct{}

var _ admission.ValidationInterface = namespaceLifecycle{}

var namespaces = schema.GroupKind{Kind: "Namespace"}

// Handles says which operations are looked at.
func (namespaceLifecycle) Handles(operation admission.Operation) bool {
	return operation == admission.Create || operation == admission.Delete
}

// Validate refuses objects in a namespace that is not there or is terminating, and the deletion of namespaces that
// every cluster has.
func (namespaceLifecycle) Validate(
	ctx context.Context,
	a admission.Attributes,
	_ admission.ObjectInterfaces,
) error {
	switch {
	case a.GetKind().GroupKind() == namespaces:
		if a.GetOperation() == admission.Delete && isImmortal(a.GetName()) {
			return apierrors.NewForbidden(
				a.GetResource().GroupResource(), a.GetName(), fmt.Errorf("this namespace may not be deleted"))
		}
		return nil
	case a.GetOperation() != admission.Create || a.GetNamespace() == "" || a.GetSubresource() != "" ||
		a.GetResource().Group == "authorization.k8s.io":
		return nil
	}
	gvk := corev1.SchemeGroupVersion.WithKind("Namespace")
	ns, ok := store.From(ctx).Get(gvk, types.NamespacedName{Name: a.GetNamespace()})
	if !ok {
		return apierrors.NewNotFound(corev1.Resource("namespaces"), a.GetNamespace())
	}
	if ns.GetDeletionTimestamp() != nil {
		err := apierrors.NewForbidden(a.GetResource().GroupResource(), a.GetName(),
			fmt.Errorf("unable to create new content in namespace %s because it is being terminated", a.GetNamespace()))
		err.ErrStatus.Details.Causes = append(err.ErrStatus.Details.Causes, metav1.StatusCause{
			Type:    corev1.NamespaceTerminatingCause,
			Message: fmt.Sprintf("namespace %s is being terminated", a.GetNamespace()),
			Field:   "metadata.namespace",
		})
		return err
	}
	return nil
}

func isImmortal(namespace string) bool {
	switch namespace {
	case metav1.NamespaceDefault, metav1.NamespaceSystem, metav1.NamespacePublic:
		return true
	}
	return false
}
