package apiserver

import (
	"context"
	"fmt"

	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apiserver/pkg/registry/rest"
	podutil "k8s.io/kubernetes/pkg/api/pod"
	api "k8s.io/kubernetes/pkg/apis/core"
	"k8s.io/kubernetes/pkg/apis/policy"
	podstore "k8s.io/kubernetes/pkg/registry/core/pod/storage"

	"metal3-scale-lab/fkas/internal/store"
)

// evictions is the eviction subresource of pods. Kubernetes' own asks for the status that a controller writes to
// PodDisruptionBudgets, which a fake cluster does not have, and would refuse each eviction for ever; it also asks by a
// client of one cluster. So this one counts itself.
type evictions struct{ pods *podstore.REST }

var (
	_ rest.NamedCreater             = &evictions{}
	_ rest.GroupVersionKindProvider = &evictions{}
	_ rest.GroupVersionAcceptor     = &evictions{}
)

// GroupVersionKind names the kind of the subresource.
func (*evictions) GroupVersionKind(schema.GroupVersion) schema.GroupVersionKind {
	return policyv1.SchemeGroupVersion.WithKind("Eviction")
}

// AcceptsGroupVersion accepts policy/v1.
func (*evictions) AcceptsGroupVersion(gv schema.GroupVersion) bool {
	return gv == policyv1.SchemeGroupVersion
}

// New makes an empty Eviction.
func (*evictions) New() runtime.Object { return &policy.Eviction{} }

// Destroy does nothing.
func (*evictions) Destroy() {}

// Create deletes a pod if no PodDisruptionBudget speaks against it.
func (e *evictions) Create(
	ctx context.Context,
	name string,
	obj runtime.Object,
	validate rest.ValidateObjectFunc,
	options *metav1.CreateOptions,
) (runtime.Object, error) {
	eviction, ok := obj.(*policy.Eviction)
	if !ok {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("not a Eviction object: %T", obj))
	}
	if name != eviction.Name {
		return nil, apierrors.NewBadRequest("name in URL does not match name in Eviction object")
	}
	if validate != nil {
		if err := validate(ctx, eviction.DeepCopyObject()); err != nil {
			return nil, err
		}
	}
	found, err := e.pods.Get(ctx, name, &metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	if pod := found.(*api.Pod); counts(pod) {
		if err := e.check(ctx, pod); err != nil {
			return nil, err
		}
	}
	deletion := eviction.DeleteOptions
	if deletion == nil {
		deletion = &metav1.DeleteOptions{}
	}
	if len(deletion.DryRun) == 0 {
		deletion.DryRun = options.DryRun
	}
	if _, _, err := e.pods.Delete(ctx, name, rest.ValidateAllObjectFunc, deletion); err != nil {
		return nil, err
	}
	return &metav1.Status{Status: metav1.StatusSuccess}, nil
}

// counts says whether the end of a pod is a disruption.
func counts(pod *api.Pod) bool {
	switch pod.Status.Phase {
	case api.PodSucceeded, api.PodFailed, api.PodPending:
		return false
	}
	return pod.DeletionTimestamp == nil && podutil.IsPodReady(pod)
}

// check refuses with 429 what a PodDisruptionBudget forbids.
func (e *evictions) check(ctx context.Context, pod *api.Pod) error {
	budgets, _ := store.From(ctx).List(policyv1.SchemeGroupVersion.WithKind("PodDisruptionBudget"), pod.Namespace)
	for _, obj := range budgets {
		budget := obj.(*policyv1.PodDisruptionBudget)
		selector, err := metav1.LabelSelectorAsSelector(budget.Spec.Selector)
		if err != nil || !selector.Matches(labels.Set(pod.Labels)) {
			continue
		}
		healthy, all, err := e.count(ctx, selector)
		if err != nil {
			return err
		}
		wanted, err := desired(budget, all)
		if err != nil {
			return apierrors.NewInternalError(err)
		}
		if healthy-1 < wanted {
			refusal := apierrors.NewTooManyRequests(
				"Cannot evict pod as it would violate the pod's disruption budget.", 0)
			refusal.ErrStatus.Details.Causes = append(refusal.ErrStatus.Details.Causes, metav1.StatusCause{
				Type: policyv1.DisruptionBudgetCause,
				Message: fmt.Sprintf("The disruption budget %s needs %d healthy pods and has %d currently",
					budget.Name, wanted, healthy),
			})
			return refusal
		}
	}
	return nil
}

func (e *evictions) count(ctx context.Context, selector labels.Selector) (healthy, all int, err error) {
	found, err := e.pods.List(ctx, nil)
	if err != nil {
		return 0, 0, err
	}
	list := found.(*api.PodList)
	for i := range list.Items {
		if selector.Matches(labels.Set(list.Items[i].Labels)) {
			all++
			if counts(&list.Items[i]) {
				healthy++
			}
		}
	}
	return healthy, all, nil
}

// desired is the number of healthy pods that a budget wants of a number of pods.
func desired(budget *policyv1.PodDisruptionBudget, all int) (int, error) {
	if budget.Spec.MinAvailable != nil {
		return intstr.GetScaledValueFromIntOrPercent(budget.Spec.MinAvailable, all, true)
	}
	if budget.Spec.MaxUnavailable == nil {
		return 0, nil
	}
	may, err := intstr.GetScaledValueFromIntOrPercent(budget.Spec.MaxUnavailable, all, true)
	return all - may, err
}
